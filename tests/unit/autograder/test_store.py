"""Executions on disk."""

import errno
import marshal
import os
import threading
from dataclasses import replace

import pytest
import zstandard
from autograder.core.results import CellResult, Status
from autograder.execution.job import CodeCell, Job, Runtime
from autograder.execution.store import Store, pack, unpack
from nbformat.v4 import new_output

JOB = Job((CodeCell("print(1)"),), Runtime("3.11.7", "2.4.0", "7.4.0", "3.9.0", "digest", "synthetic", {}))
RESULTS = [CellResult(Status.DONE, [new_output("stream", text="x" * 100_000)]), CellResult(Status.KILLED, [])]


def test_what_is_put_is_got(tmp_path):
    """Does a result come back as it was, types included, and a job that was not executed as None?"""
    store = Store(tmp_path)
    assert JOB not in store
    assert store.get(JOB) is None
    store.put(JOB, pack(RESULTS))
    assert JOB in store
    assert store.get(JOB) == RESULTS
    assert store.get(JOB)[1].status is Status.KILLED
    assert store.get(JOB)[0].outputs[0].name == "stdout"


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        pack(RESULTS)[:-5],
        pack(RESULTS)[:20] + b"?" + pack(RESULTS)[21:],
        zstandard.compress(marshal.dumps([{}])),
        zstandard.compress(marshal.dumps([("done", ["text"])])),
        zstandard.compress(marshal.dumps([("gone", [])])),
        zstandard.compress(b"text"),
        b"text",
    ],
    ids=["empty", "cut", "changed", "other", "no output", "of an unknown status", "not marshaled", "not compressed"],
)
def test_damaged_entry_counts_as_none(tmp_path, damaged):
    """Is an entry that cannot be read as if it was not there?"""
    store = Store(tmp_path)
    store.put(JOB, damaged)
    assert store.get(JOB) is None
    with pytest.raises(ValueError, match="damaged results"):
        unpack(damaged)


def test_concurrent_writers(tmp_path):
    """Do two graders that store the same execution at once leave one whole entry and no rubbish?"""
    store = Store(tmp_path)
    threads = [threading.Thread(target=store.put, args=(JOB, pack(RESULTS))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.get(JOB) == RESULTS
    assert [path.suffix for path in tmp_path.rglob("*") if path.is_file()] == [".zst"]


def test_full_disk_loses_nothing(tmp_path, monkeypatch):
    """When writing fails half way, is the half not taken for an execution?"""
    store = Store(tmp_path)

    def fail(temporary, path):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("autograder.execution.store.os.replace", fail)
    with pytest.raises(OSError, match="No space left"):
        store.put(JOB, b"half")
    assert JOB not in store
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_what_was_not_used_lately_is_deleted(tmp_path):
    """Are entries that nobody has made or used since a time deleted, with rests of killed runs, and all others kept?"""
    store, old = Store(tmp_path), replace(JOB, seed="old")
    for job in (JOB, old):
        store.put(job, pack(RESULTS))
    rest = next(tmp_path.glob("*/*")).with_name("rest.part")
    rest.write_bytes(b"half")
    for path in tmp_path.glob("*/*"):
        os.utime(path, (1000, 1000))
    size = store.size()
    assert store.get(JOB) == RESULTS  # used now
    deleted = store.clean(since=2000)
    assert JOB in store
    assert old not in store
    assert not rest.exists()
    assert deleted + store.size() == size
