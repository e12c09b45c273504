"""Groups that the test images cannot tell apart."""

import numpy as np

from helpers.measure.ranking import ranked


def test_ranked_joins_what_is_not_surely_behind_the_first_of_the_group() -> None:
    right = {name: np.arange(200) < n for name, n in (("d", 50), ("a", 150), ("c", 80), ("b", 149))}
    right["c"] = np.roll(right["c"], 100)
    assert ranked(right) == [["a", "b"], ["c"], ["d"]]
    assert ranked({}) == []
