"""The pool of processes: one that dies, hangs or grows takes nothing but its own job along."""

import os
import signal
import time

import pytest
from autograder.core.memory import data_bytes, limit_data
from autograder.execution import pool as pools
from autograder.execution.environment import single_threaded
from autograder.execution.pool import TooLong, WorkerDied, local_pool
from threadpoolctl import threadpool_info

pytestmark = pytest.mark.skipif(os.name != "posix", reason="kills processes by signals")


@pytest.fixture(scope="module")
def pool():
    with local_pool(2, 60) as opened:
        yield opened


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def die_once(mark):
    """Kill this process, unless there is a file that says that it was done before."""
    if not mark.exists():
        mark.touch()
        die()
    return "done"


def fail():
    raise EOFError("a damaged file")


class Odd(Exception):
    """An exception that cannot be made from what it holds, and so not be sent."""

    def __init__(self, one, two):
        super().__init__(one)


def fail_oddly():
    raise Odd("odd", 2)


def blas_threads():
    return [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]


def hold(size):
    hold.held = bytearray(size)
    return os.getpid()


def take(limit):
    """Take more memory than this process may have; returns what came of it."""
    limit_data(data_bytes() + limit)
    try:
        return len(bytearray(2 * limit))
    except MemoryError:
        return "MemoryError"


@pytest.mark.skipif(os.cpu_count() == 1, reason="NumPy has one thread anyway")
def test_a_worker_multiplies_in_one_thread(monkeypatch):
    """Does a process, of which there are as many as cores, take one of them, although NumPy has been imported?"""
    for name in single_threaded():
        monkeypatch.delenv(name, raising=False)
    with local_pool(1) as opened:
        assert set(opened.submit(blas_threads).result()) == {1}


def test_what_kills_every_process_is_told_and_nothing_else_is_lost(pool):
    """Do the jobs before, beside and behind one that kills its process end well, and that one in WorkerDied?"""
    jobs = [pool.submit(pow, 2, n) for n in range(4)]
    killer = pool.submit(die)
    jobs += [pool.submit(pow, 2, n) for n in range(4, 8)]
    with pytest.raises(WorkerDied, match=r"the worker died 2 times \(SIGKILL\)"):
        killer.result()
    assert [job.result() for job in jobs] == [1, 2, 4, 8, 16, 32, 64, 128]


def test_a_process_that_was_killed_costs_nothing(pool, tmp_path):
    """Is the work of a process that dies once done again in another one?"""
    assert pool.submit(die_once, tmp_path / "mark").result() == "done"


def test_killed_from_outside(pool, tmp_path):
    """Are processes that somebody kills between two jobs replaced without a word?"""
    for _ in range(2):
        os.kill(pool.submit(os.getpid).result(), signal.SIGKILL)
    assert pool.submit(abs, -1).result() == 1


def test_exceptions_come_back_as_they_are(pool):
    """Is what a function raises raised, its traceback with it, also where it looks like the end of a process?"""
    with pytest.raises(EOFError, match="a damaged file") as raised:
        pool.submit(fail).result()
    assert "in fail" in raised.value.__notes__[0]
    with pytest.raises(RuntimeError, match="Odd: odd"):
        pool.submit(fail_oddly).result()
    assert pool.submit(abs, -1).result() == 1


def test_a_job_that_takes_too_long_is_ended():
    """Is a job that exceeds the pool's limit ended, once, and the process replaced?"""
    with local_pool(1, 20) as pool:
        first = pool.submit(os.getpid).result()
        pool._seconds = 0.2
        with pytest.raises(TooLong):
            pool.submit(time.sleep, 600).result()
        pool._seconds = 20
        assert pool.submit(os.getpid).result() != first
        with pytest.raises(ProcessLookupError):
            os.kill(first, 0)


@pytest.mark.skipif(data_bytes() == 0, reason="the system does not say how much memory a process has")
def test_a_process_that_has_grown_is_replaced(pool):
    """Does the job behind one that took much memory find a small process, and is the limit on memory one?"""
    with local_pool(1, 60) as pool:
        first = pool.submit(hold, 1).result()
        assert pool.submit(hold, pools.LARGE_BYTES).result() == first
        assert pool.submit(os.getpid).result() != first
        assert pool.submit(take, 2**28).result() == "MemoryError"


def test_closing_ends_what_is_under_way():
    """Does leaving the pool end a job that would take minutes, with nothing of it left?"""
    with local_pool(1, 600) as pool:
        process = pool.submit(os.getpid).result()
        job = pool.submit(time.sleep, 600)
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
    assert job.cancelled() or job.exception() is not None
