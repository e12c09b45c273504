"""The lists of .mat files, read as scipy reads them, and refused where they are broken."""

import io

import numpy as np
import pytest
import scipy.io

from helpers.data.matlab_lists import read_lists

NAMES = ["n01-dog/n01_1.jpg", "n02/é.jpg", "x"]


def written(labels: np.ndarray, compressed: bool) -> bytes:
    cells = np.empty((len(NAMES), 1), dtype=object)
    for row, name in enumerate(NAMES):
        cells[row, 0] = np.array([name])
    file = io.BytesIO()
    tables = {"other": np.eye(3), "file_list": cells, "labels": labels}
    scipy.io.savemat(file, tables, do_compression=compressed)
    return file.getvalue()


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("kind", ["u1", "i2", "i4", "u8", "f4", "f8"])
def test_the_same_as_scipy(compressed, kind):
    data = written(np.array([[1], [2], [120]], dtype=kind), compressed)
    found = read_lists(data, ("file_list", "labels"))
    table = scipy.io.loadmat(io.BytesIO(data))
    assert found["file_list"] == [str(cell.item()) for cell in table["file_list"].ravel()] == NAMES
    assert found["labels"] == table["labels"].ravel().tolist() == [1, 2, 120]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "expected a Matlab file"),
        (b"MATLAB 7.3".ljust(200), "expected a Matlab file"),
        (written(np.eye(2), False)[:300], "of which"),
        (written(np.eye(2), True)[:-9], "of which"),
    ],
    ids=["empty", "newer", "cut", "cut and compressed"],
)
def test_what_is_no_whole_file_is_refused(data, told):
    with pytest.raises(ValueError, match=told):
        read_lists(data, ("file_list", "labels"))


def test_a_variable_that_is_missing_or_of_another_kind_is_named():
    with pytest.raises(ValueError, match="got no absent"):
        read_lists(written(np.eye(2), False), ("absent",))
    file = io.BytesIO()
    nested = np.empty((1, 1), dtype=object)
    nested[0, 0] = np.array([["a"], [{}]], dtype=object)
    scipy.io.savemat(file, {"file_list": nested})
    with pytest.raises(ValueError, match="expected 2 cells with a text in each"):
        read_lists(file.getvalue(), ("file_list",))
