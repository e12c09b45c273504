"""Parameters of a lab: papermill's cell against the lab's own, each value converted to its annotation or refused."""

import math
import re
from pathlib import Path
from typing import Optional

import pytest

from helpers.parameters import lab_defaults, lab_parameters

OWN = """# Parameters of this lab: the cpu edition.
edition: str = "cpu"
models: list[str] = ["vit", "cnn"]
depths: list[int] = [2, 4]
seeds: int = 2  # how many
image_size: Optional[int] = None
fraction: float = 0.5
compile_model: bool = False
picture: Optional[str] = None
few: Optional[list[int]] = None
rates: dict[str, float] = {"probe": 0.1, "full": 0.2}
"""


def read(**passed):
    """What `lab_parameters` makes of the cell above when papermill passes these."""
    namespace: dict = {"Optional": Optional}
    exec(OWN, namespace)
    namespace |= passed
    injected = "# Parameters\n" + "".join(f"{name} = {value!r}\n" for name, value in passed.items())
    return lab_parameters(namespace, [OWN, injected], edition=("smoke", "cpu", "gpu"), models=("vit", "cnn", "mlp"))


def test_the_parameters_are_read_as_they_are_now():
    expected = {"edition": "cpu", "models": ["vit", "cnn"], "depths": [2, 4], "seeds": 5, "image_size": None}
    expected |= {
        "fraction": 0.5,
        "compile_model": False,
        "picture": None,
        "few": None,
        "rates": {"probe": 0.1, "full": 0.2},
    }
    assert read(seeds=5) == expected


def test_the_defaults_are_those_of_the_cell_whatever_was_passed():
    namespace: dict = {"Optional": Optional}
    exec(OWN, namespace)
    assert lab_defaults([OWN, "# Parameters\nseeds = 5\n"]) == {name: namespace[name] for name in read()}
    assert read() == lab_defaults([OWN]) != read(seeds=5)


@pytest.mark.parametrize("word", ["false", "False", "off", "no", "n", "0", 0, False])
def test_a_word_for_false_is_false(word):
    assert read(compile_model=word)["compile_model"] is False


@pytest.mark.parametrize("word", ["true", "on", "yes", "1", 1, True])
def test_a_word_for_true_is_true(word):
    assert read(compile_model=word)["compile_model"] is True


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("models", "vit, mlp,vit", ["vit", "mlp"]),
        ("models", "vit", ["vit"]),
        ("models", ("vit", "cnn", "cnn"), ["vit", "cnn"]),
        ("depths", "2, 8", [2, 8]),
        ("depths", 8, [8]),
        ("seeds", "3", 3),
        ("image_size", 64, 64),
        ("fraction", 1, 1.0),
        ("fraction", "1e-3", 0.001),
        ("picture", 2024, "2024"),
        ("few", "1,2, 5", [1, 2, 5]),
        ("rates", {"probe": 1}, {"probe": 1.0}),
    ],
)
def test_a_value_becomes_what_its_annotation_says(name, value, expected):
    found = read(**{name: value})[name]
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("seeds", 32.0, "seeds: expected a whole number of at least 1, got 32.0; for example: -p seeds 2"),
        ("seeds", "64px", "seeds: expected a whole number of at least 1, got '64px'"),
        ("seeds", True, "seeds: expected a whole number of at least 1, got True"),
        ("seeds", 0, "seeds: expected a whole number of at least 1, got 0"),
        ("seeds", None, "seeds: expected a whole number of at least 1, got None"),
        ("seeds", "", "seeds: expected a whole number of at least 1, got ''"),
        ("image_size", "none", "image_size: expected a whole number of at least 1 or None, got 'none'"),
        ("image_size", 64.5, "for example: -p image_size 64"),
        ("fraction", "10%", "fraction: expected a finite number, got '10%'; for example: -p fraction 0.5"),
        ("fraction", "0,1", "fraction: expected a finite number, got '0,1'"),
        ("fraction", math.nan, "fraction: expected a finite number, got nan"),
        ("fraction", math.inf, "fraction: expected a finite number, got inf"),
        ("fraction", True, "fraction: expected a finite number, got True"),
        ("compile_model", "maybe", "compile_model: expected true or false, got 'maybe'"),
        ("compile_model", 2, "compile_model: expected true or false, got 2"),
        ("edition", "mine", "edition: expected one of smoke, cpu, gpu, got 'mine'; for example: -p edition cpu"),
        ("models", "vit, resnet", "models: expected a list of vit, cnn, mlp, got 'resnet'"),
        ("models", "", "models: expected a list of vit, cnn, mlp, got ''; for example: -p models 'vit, cnn'"),
        ("models", [], "models: expected a list of vit, cnn, mlp, got []"),
        ("depths", "2, x", "depths: expected a list of whole numbers of at least 1, got '2, x'"),
        ("depths", [2, 4.0], "depths: expected a list of whole numbers of at least 1, got [2, 4.0]"),
        (
            "few",
            "1, b",
            "few: expected a list of whole numbers of at least 1 or None, got '1, b'; for example: -p few '64'",
        ),
        ("picture", " ", "picture: expected text or None, got ' '"),
        ("rates", 0.1, "rates: expected a finite number for each name, got 0.1; for example: -y 'rates: {probe: 0.1,"),
        ("rates", "probe: 0.1", "rates: expected a finite number for each name, got 'probe: 0.1'"),
        ("rates", {"probe": "1%"}, "rates: expected a finite number for each name, got {'probe': '1%'}"),
        ("rates", {"probe": math.nan}, "rates: expected a finite number for each name, got {'probe': nan}"),
        ("rates", {}, "rates: expected a finite number for each name, got {}"),
        ("picture", "~no-such-user/x.jpg", "expected a path, got '~no-such-user/x.jpg': there is no such home"),
    ],
)
def test_another_value_gets_one_clear_line(name, value, message):
    with pytest.raises(ValueError, match=re.escape(message)) as error:
        read(**{name: value})
    assert "\n" not in str(error.value)


def test_a_path_in_the_home_folder_is_written_out(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert Path(read(picture="~/dog.jpg")["picture"]) == tmp_path / "dog.jpg"


def test_a_parameter_that_does_not_exist_is_an_error_that_names_the_nearest():
    with pytest.raises(ValueError, match=r"no parameter seed; did you mean seeds\? Its parameters: edition, models"):
        read(seed=5)


def test_papermills_own_paths_are_let_through():
    assert read(PAPERMILL_INPUT_PATH="x")["seeds"] == 2


def test_a_lab_without_its_parameters_cell_is_told():
    with pytest.raises(ValueError, match="no parameters cell was run"):
        lab_parameters({}, ["a = 1"])


def test_a_parameter_without_its_annotation_is_a_fault_of_the_lab():
    with pytest.raises(ValueError, match="a: the parameters cell gives it no type"):
        lab_parameters({"a": 1}, ["# Parameters of this lab\na = 1"])


def test_choices_of_a_parameter_that_does_not_exist_are_a_fault_of_the_lab():
    with pytest.raises(ValueError, match="choices are given for modles, which is no parameter"):
        lab_parameters({"a": 1}, ["# Parameters of this lab\na: int = 1"], modles=("vit",))
