"""Parameters of a lab: papermill's cell is checked against the lab's own, lists may be text."""

import pytest

from helpers.parameters import as_list, lab_parameters

OWN = "# Parameters of this lab: the cpu edition.\nseeds = 2  # how many\nbreeds = {'a': 1}\n"


def test_the_parameters_are_read_as_they_are_now():
    assert lab_parameters({"seeds": 5, "breeds": {}, "other": 1}, [OWN, "# Parameters\nseeds = 5\n"]) == {
        "seeds": 5,
        "breeds": {},
    }


def test_a_parameter_that_does_not_exist_is_an_error_that_names_the_nearest():
    with pytest.raises(ValueError, match=r"no parameter seed; did you mean seeds\? Its parameters: seeds, breeds"):
        lab_parameters({"seeds": 2, "breeds": {}}, [OWN, "# Parameters\nseed = 5\n"])


def test_papermills_own_paths_are_let_through():
    assert lab_parameters({"seeds": 2, "breeds": {}}, [OWN, '# Parameters\nPAPERMILL_INPUT_PATH = "x"\n'])["seeds"] == 2


def test_a_lab_without_its_parameters_cell_is_told():
    with pytest.raises(ValueError, match="no parameters cell was run"):
        lab_parameters({}, ["a = 1"])


@pytest.mark.parametrize("value", ["a, b,a", ["a", "b"], ("a", "b", "b")])
def test_a_list_may_be_comma_separated_text(value):
    assert as_list(value) == ["a", "b"]


@pytest.mark.parametrize("value", ["", " , ", []])
def test_an_empty_list_is_an_error(value):
    with pytest.raises(ValueError, match="at least one name"):
        as_list(value)
