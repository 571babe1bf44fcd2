"""Jobs: what their address depends on, and which runtime they are made for."""

from dataclasses import replace

import pytest
from autograder.execution.job import CodeCell, Job, Limits, Role, Runtime, data_folder, data_identity
from cs231n import cifar10_files

RUNTIME = Runtime("3.11.7", "2.4.0", "7.4.0", "3.9.0", "digest", "synthetic", {"LANG": "C"})
JOB = Job((CodeCell("print(1)"),), RUNTIME)


@pytest.mark.parametrize(
    "change",
    [
        {"cells": (CodeCell("print(2)"),)},
        {"cells": (CodeCell("print(1)", Role.CHECK),)},
        {"cells": (CodeCell("print(1)", withheld=("torch",)),)},
        {"definitions": {"A": "{}"}},
        {"files": {"a.py": ""}},
        {"limits": Limits(cell_seconds=5)},
        {"sandboxed": False},
        {"runtime": replace(RUNTIME, python="3.12.0")},
        {"runtime": replace(RUNTIME, cs231n="another")},
        {"runtime": replace(RUNTIME, data="CIFAR-10, 0123")},
        {"runtime": replace(RUNTIME, settings={})},
    ],
    ids=lambda change: next(iter(change)),
)
def test_address_depends_on_every_part(change):
    """Does every part of a job change its address?"""
    assert replace(JOB, **change).address != JOB.address


def test_address_depends_on_the_job_alone(monkeypatch):
    """Does an equal job have the same address, whatever this process's own runtime is?"""
    monkeypatch.setenv("LANG", "fr_FR.UTF-8")
    monkeypatch.setenv("CS231N_DATA", "synthetic")
    assert Job((CodeCell("print(1)"),), replace(RUNTIME)).address == JOB.address


def test_runtime_tells_the_settings_that_kernels_take_over(monkeypatch):
    """Are the environment variables that change results part of the runtime, and others not?"""
    before = Runtime.current()
    monkeypatch.setenv("SECRET_TOKEN", "of the grader")
    assert Runtime.current() == before
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Prescott")
    assert Runtime.current() != before


def test_differences_name_the_part():
    """Do two runtimes say what differs between them, and nothing else?"""
    assert RUNTIME.differences(replace(RUNTIME, numpy="2.5.0")) == ["numpy: 2.4.0 here, 2.5.0 there"]
    assert RUNTIME.differences(replace(RUNTIME)) == []


def test_data_set_is_told_by_its_files(tmp_path, monkeypatch):
    """Does the data set's name change when CIFAR-10 arrives or its files change, but not with the folder?"""
    monkeypatch.delenv("CS231N_DATA", raising=False)
    names = []
    for folder, size in [("empty", 0), ("first", 10), ("second", 10), ("changed", 11)]:
        batches = tmp_path / folder / cifar10_files.FOLDER
        batches.mkdir(parents=True)
        for name in cifar10_files.TRAINING_FILES + cifar10_files.TEST_FILES if size else ():
            (batches / name).write_bytes(b"x" * size)
        monkeypatch.setenv("CS231N_DATA_DIR", str(tmp_path / folder))
        names.append(data_identity(data_folder()))
    assert names[0] == "synthetic"
    assert names[1].startswith("CIFAR-10")
    assert names[1] == names[2] != names[3]
    monkeypatch.setenv("CS231N_DATA", "synthetic")
    assert data_identity(data_folder()) == "synthetic"
