"""The course's own seed of held-out images, and its own images."""

import numpy as np
import pytest
from autograder.core.errors import GraderError
from autograder.course.held_out import BITS, CIFAR10_FILE, FILE, copy_held_out, course_seed, own_cifar10_images
from autograder.integration.steps import held_out_seed
from traitlets.config import Config


def test_each_course_draws_its_own(tmp_path):
    """Is a seed drawn once for each course, too large to be found by trying?"""
    folders = [tmp_path / name for name in ("one", "other")]
    for folder in folders:
        folder.mkdir()
    first = [course_seed(folder) for folder in folders]
    assert first == [course_seed(folder) for folder in folders]
    assert first[0] != first[1]
    assert max(first).bit_length() > BITS // 2


def test_configured_seed_comes_first(tmp_path):
    """Does a seed in the configuration count instead, 0 included, with nothing drawn?"""
    assert held_out_seed(Config({"Judge": {"held_out_seed": 0}}), tmp_path) == 0
    assert not (tmp_path / FILE).exists()
    assert held_out_seed(Config(), tmp_path) == course_seed(tmp_path)


@pytest.mark.parametrize("text", ["", "twelve", "-1"])
def test_file_that_holds_no_seed(tmp_path, text):
    """Is a damaged file the grader's trouble, with a word on what to do?"""
    (tmp_path / FILE).write_text(text)
    with pytest.raises(GraderError, match="delete it"):
        course_seed(tmp_path)


def test_images_of_a_course(tmp_path):
    """Are a course's own images taken as picture libraries have them, colors last, and none if there is no file?"""
    assert own_cifar10_images(tmp_path) is None
    pictures = np.arange(2 * 32 * 32 * 3).reshape(2, 32, 32, 3).astype(np.uint8)
    np.savez_compressed(tmp_path / CIFAR10_FILE, X=pictures, y=np.array([9, 0], np.uint8))
    X, y = own_cifar10_images(tmp_path)
    assert X.shape == (2, 3, 32, 32)
    assert np.array_equal(X[1, 2], pictures[1, :, :, 2])
    assert y.dtype == np.int64
    assert y.tolist() == [9, 0]


GOOD = {"X": np.zeros((2, 32, 32, 3), np.uint8), "y": np.array([0, 1])}


@pytest.mark.parametrize(
    "arrays",
    [
        {"X": GOOD["X"]},
        {**GOOD, "X": GOOD["X"].astype(float)},
        {**GOOD, "X": GOOD["X"].reshape(2, 3, 32, 32)},
        {**GOOD, "y": np.array([0, 10])},
        {**GOOD, "y": np.array([0])},
        {**GOOD, "y": np.array([0.0, 1.0])},
        {"X": GOOD["X"][:0], "y": GOOD["y"][:0]},
        {**GOOD, "y": np.array([None, 1])},
    ],
    ids=["no labels", "floats", "colors first", "another class", "too few labels", "float labels", "none", "objects"],
)
def test_file_that_holds_no_images(tmp_path, arrays):
    """Is a file of another form the grader's trouble, named with what it should hold, or why it cannot be read?"""
    np.savez(tmp_path / CIFAR10_FILE, **arrays)
    with pytest.raises(GraderError, match=CIFAR10_FILE):
        own_cifar10_images(tmp_path)


def test_file_that_is_no_archive(tmp_path):
    """Is a file that NumPy cannot read the grader's trouble too?"""
    for content in (b"", b"no archive", b"PK\x03\x04"):
        (tmp_path / CIFAR10_FILE).write_bytes(content)
        with pytest.raises(GraderError, match="cannot be read"):
            own_cifar10_images(tmp_path)


@pytest.mark.parametrize("own", [True, False])
def test_what_networks_are_measured_on_goes_along(tmp_path, own):
    """Has a copy of a course the same seed, drawn now where there was none, and the same images of its own?"""
    course, copy = tmp_path / "course", tmp_path / "copy"
    course.mkdir()
    copy.mkdir()
    if own:
        (course / CIFAR10_FILE).write_bytes(b"images")
    copy_held_out(course, copy)
    assert course_seed(copy) == course_seed(course)
    assert (copy / CIFAR10_FILE).exists() is own
