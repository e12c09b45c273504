"""The window explorer's sentences come from the package's mask."""

import pytest

from helpers.pages.c14.explorer import FIRST, SIDE, WindowExplorer, mates, told


def test_a_token_in_the_middle_looks_at_its_whole_window_and_a_corner_at_a_quarter():
    sharing, allowed = mates(4, 2, 3, 4)
    assert sharing == allowed == [row * SIDE + column for row in range(2, 6) for column in range(2, 6)]
    sharing, allowed = mates(4, 2, 0, 0)
    assert allowed == [0, 1, 8, 9]
    assert sharing == sorted(row * SIDE + column for row in (0, 1, 6, 7) for column in (0, 1, 6, 7))


@pytest.mark.parametrize("window", [2, 4])
def test_looking_is_mutual_and_all_are_in_one_window(window):
    for shift in range(window):
        for place in range(SIDE * SIDE):
            sharing, allowed = mates(window, shift, *divmod(place, SIDE))
            assert len(sharing) == window**2
            assert place in allowed
            assert set(allowed) <= set(sharing)
            assert all(place in mates(window, shift, *divmod(other, SIDE))[1] for other in allowed)
            assert (len(allowed) == window**2) or shift > 0


def test_the_sentence():
    assert told(4, 0, 0, 0, True).endswith("all are its neighbours in the image, and it may look at all")
    assert "the mask leaves it 4 and hides 12" in told(4, 2, 0, 0, True)
    assert "without a mask it looks at all, and 12 come from another edge" in told(4, 2, 0, 0, False)
    with pytest.raises(ValueError, match="expected row and column of 0 to 7, got 8, 0"):
        mates(4, 2, 8, 0)


def test_explorer_is_light_and_has_a_still_picture(light_with_a_still):
    explorer = WindowExplorer()
    light_with_a_still(explorer)
    assert told(FIRST["window"], FIRST["shift"], FIRST["row"], FIRST["column"], FIRST["mask"]) in explorer.alt
