"""The photographs that may be printed."""

import pytest

from helpers.data.samples import sample_photographs


def test_the_seven_photographs_have_the_size_that_is_asked_for():
    pytest.importorskip("skimage")
    others = sample_photographs(48)
    assert list(others)[:2] == ["a cat", "a cup of coffee"]
    assert len(others) == 7
    for image in others.values():
        assert image.shape == (48, 48, 3)
        assert image.std() > 10
