"""The figures of chapter 10 draw what they are given."""

import numpy as np
import pytest

from helpers.pages.c10.figures import attention_distances, cut, position_maps, shuffled_scores, six_steps, tiny_curves


def test_cut_goes_row_by_row() -> None:
    image = np.arange(36)[:, None].repeat(3, axis=1).reshape(6, 6, 3)
    assert cut(image, 3).shape == (9, 2, 2, 3)
    assert cut(image, 3)[1, 0, 0, 0] == 2  # the second patch begins two columns on
    assert cut(image, 3)[3, 0, 0, 0] == 12  # the fourth, two rows on
    with pytest.raises(ValueError, match="multiple of 4"):
        cut(image, 4)


def test_six_steps_write_their_shapes() -> None:
    (ax,) = six_steps(np.zeros((24, 24, 3), dtype=np.uint8)).axes
    texts = [text.get_text() for text in ax.texts]
    assert "9 × 768  →  9 × D" in texts
    assert sum(text == "cls" for text in texts) == 2
    assert [text for text in texts if text.isdigit()][-10:] == list("0123456789")
    with pytest.raises(ValueError, match="expected 3 x patch_size = 48"):
        six_steps(np.zeros((24, 24, 3), dtype=np.uint8), image_size=64)


def test_position_maps_have_a_map_a_patch_with_its_own_place_marked() -> None:
    similarity = np.eye(16)
    axes = position_maps(similarity, (4, 4)).axes
    assert len(axes) == 16 + 1  # and the colour bar
    sixth = axes[5]
    assert np.argwhere(sixth.images[0].get_array() == 1).tolist() == [[1, 1]]
    assert (sixth.lines[0].get_xdata()[0], sixth.lines[0].get_ydata()[0]) == (1, 1)
    assert len(position_maps(similarity, 4, every=2).axes) == 4 + 1


def test_position_maps_of_a_wide_grid_have_its_rows_and_columns() -> None:
    axes = position_maps(np.eye(16), (2, 8)).axes
    assert len(axes) == 16 + 1
    for k, ax in enumerate(axes[:16]):
        assert ax.images[0].get_array().shape == (2, 8)
        assert np.argwhere(ax.images[0].get_array() == 1).tolist() == [[k // 8, k % 8]]
        assert (ax.lines[0].get_ydata()[0], ax.lines[0].get_xdata()[0]) == (k // 8, k % 8)
    with pytest.raises(ValueError, match=r"grid: expected \(rows, columns\) with 16 patches, got \(3, 5\)"):
        position_maps(np.eye(16), (3, 5))
    with pytest.raises(ValueError, match=r"similarity: expected \(N, N\), got \(16, 15\)"):
        position_maps(np.eye(16)[:, :15], 4)


def test_attention_distances_draw_every_head_at_its_layer() -> None:
    trained, fresh = np.array([[10.0, 20.0], [30.0, 25.0]]), np.full((2, 2), 33.0)
    (ax,) = attention_distances(trained, fresh, 33.1).axes
    uniform, hollow, filled = ax.lines[0], ax.lines[1], ax.lines[2]
    assert uniform.get_ydata()[0] == 33.1
    assert list(hollow.get_ydata()) == [33.0] * 4
    assert list(filled.get_ydata()) == [10.0, 20.0, 30.0, 25.0]
    assert np.rint(filled.get_xdata()).tolist() == [1, 1, 2, 2]
    with pytest.raises(ValueError, match=r"\(L, h\)"):
        attention_distances(trained, fresh[:1], 33.1)


def test_shuffled_scores_have_a_bar_a_question_and_treatment() -> None:
    picture = np.zeros((8, 8, 3), dtype=np.uint8)
    triples = [(0.5, 0.4, 0.6), (0.7, 0.6, 0.8), (0.8, 0.7, 0.9)]
    figure = shuffled_scores(
        {"in order": picture, "shuffled": picture}, {"in order": triples, "shuffled": triples}, [0.05, 0.2, 0.25]
    )
    ax = next(ax for ax in figure.axes if ax.patches)
    assert [round(bar.get_height()) for bar in ax.patches] == [50, 70, 80] * 2
    assert [text.get_text() for text in ax.get_xticklabels()] == ["breed", "coat", "build"]
    with pytest.raises(ValueError, match="at least one treatment"):
        shuffled_scores({"in order": picture}, {}, [0.05, 0.2, 0.25])


def test_tiny_curves_have_a_full_and_a_dashed_line_a_network() -> None:
    figure = tiny_curves({"CNN": [(0.5, 0.4), (1.0, 0.6)], "ViT": [(0.2, 0.1), (0.3, 0.2)]}, chance=0.1)
    (ax,) = figure.axes
    ends = [line.get_ydata()[-1] for line in ax.lines]
    np.testing.assert_allclose(ends, [100, 60, 30, 20, 10])
    assert [text.get_text() for text in ax.texts] == ["CNN", "ViT"]
