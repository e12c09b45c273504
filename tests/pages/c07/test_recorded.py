"""The page's recordings hold what it quotes, and the released weights give the recorded fields again."""

import numpy as np
import pytest

from helpers.pages.c07 import recorded, released
from helpers.pages.c07.street import BODIES, reach
from helpers.records import read_record


def test_the_long_study_has_three_seeds_of_every_body():
    assert {body: recorded.longer_shares(body).shape for body in BODIES} == dict.fromkeys(BODIES, (3, 20))
    for body in BODIES:
        beyond = recorded.longer_shares(body)[:, reach(body) :]
        assert not beyond.size or abs(beyond.mean() - 0.25) < 0.02
        assert ((recorded.longer_both_right(body) > 0.85) == (body in ("mean", "attention"))).all()


def test_the_table_of_the_long_study_names_where_each_field_ends():
    half = {body: [0.5] * 20 for body in BODIES}
    rows = recorded.longer_table(half, half)
    assert [row["houses"] for row in rows] == ["1 to 4", "1 to 10", "1 to 15", "1 to 20", "1 to 20", "1 to 20"]
    assert rows[-1]["after 3,000 steps"] == "100 [100, 100]"


def test_rows_of_the_lab_and_of_released_weights():
    rows = recorded.lab_rows(read_record("03_receptive_fields", edition="cpu"))
    assert [row["name"] for row in rows][:2] == ["VGG-16, early", "VGG-16, last"]
    assert rows[1]["theory"] == pytest.approx(196 / 224)
    lite = recorded.released_rows("efficientnet_lite0")
    assert [row["name"] for row in lite] == list(released.LAYERS["efficientnet_lite0"])
    assert all(set(row["sides"]) == {"fresh", "released"} for row in lite)
    assert recorded.trained_minus_fresh("efficientnet_lite0", "blocks.4").value < 0


def test_measuring_again_gives_the_recorded_fields():
    again = released.measure("vit_mini")
    kept = [row for row in recorded.released() if row["model"] == "vit_mini"]
    for now, then in zip(again, kept, strict=True):
        assert (now["layer"], now["weights"]) == (then["layer"], then["weights"])
        np.testing.assert_allclose(now["own_share"], then["own_share"], atol=0.02)
