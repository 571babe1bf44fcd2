"""A Dask cluster as it is in life: scheduler and workers are processes of their own, and come and go."""

import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from autograder.execution.kernel import sandbox
from autograder.grading.run import Options, grade
from helpers import toy
from helpers.courses import the
from helpers.dask_cluster import dask_cluster
from helpers.hosts import hosts, unavailable

CLASS = {f"s{k}": 2 + k % 2 for k in range(6)}  # by student, what their `double` multiplies by: 2 is right
TOTALS = {"known": 6} | {student: 6 if factor == 2 else 2 for student, factor in CLASS.items()}
HOW = Options(workers=1, no_sandbox=bool(sandbox.unavailable()), feedback=False)


@pytest.fixture
def course(toy_course):
    """A toy course whose submissions take a while, each another one; what its key gives is known already."""
    toy.hand_in(toy_course, "known", "def double(x):\n    return 2 * x")
    grade(the(toy_course), HOW)
    for student, factor in CLASS.items():
        toy.hand_in(
            toy_course, student, f"import time; time.sleep(1)  # {student}\ndef double(x):\n    return {factor} * x"
        )
    return toy_course


@pytest.fixture
def cluster(tmp_path):
    with dask_cluster(tmp_path) as found:
        yield found


def wait_until(true, seconds=120):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.1)


def stored(course):
    """How many executions have come back."""
    return sum(1 for path in (course / "executions").rglob("*") if path.is_file())


def begun(course, cluster):
    """Start grading on the cluster in a thread; return its future when the first execution of several has come back."""
    before = stored(course)
    future = ThreadPoolExecutor(1).submit(grade, the(course), replace(HOW, scheduler=cluster.address))
    wait_until(lambda: future.done() or stored(course) > before)
    assert not future.done()
    return future


def totals(future):
    return {row.student: row.total for row in future.result(timeout=300).rows}


def test_a_worker_is_killed_and_another_one_joins_late(course, cluster):
    """Does the class end complete where the only worker dies with a notebook in it, and another one comes later?"""
    cluster.start_scheduler()
    first = cluster.start_worker()
    future = begun(course, cluster)
    cluster.kill(first)
    cluster.start_worker()
    assert totals(future) == TOTALS


def test_the_scheduler_is_started_again(course, cluster):
    """Does the class end complete where the scheduler dies, and with it all that it knew of?"""
    scheduler, worker = cluster.start_scheduler(), cluster.start_worker()
    future = begun(course, cluster)
    cluster.kill(scheduler)
    cluster.kill(worker)
    cluster.start_scheduler()
    cluster.start_worker()
    assert totals(future) == TOTALS


@pytest.mark.skipif(bool(unavailable()), reason=unavailable())
def test_hosts_of_their_own(course, tmp_path):
    """Is a class graded where scheduler and workers are on hosts with other networks and file systems, which lack the
    course, one of them dies with a notebook in it, and a third one joins late?"""
    with hosts(4, course.parent) as (one, two, three, four), dask_cluster(tmp_path, one) as cluster:
        assert subprocess.run(two.command(["test", "-e", str(course)])).returncode == 1
        cluster.start_scheduler()
        first = cluster.start_worker(two)
        cluster.start_worker(three)
        future = begun(course, cluster)
        cluster.kill(first)
        cluster.start_worker(four)
        assert totals(future) == TOTALS
