"""The course's own seed of held-out images."""

import pytest
from autograder.core.errors import GraderError
from autograder.course.held_out import BITS, FILE, course_seed
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
