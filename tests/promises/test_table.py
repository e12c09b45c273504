"""The table that `make soak` ends with."""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

spec = spec_from_file_location("promises_conftest", Path(__file__).with_name("conftest.py"))
conftest = module_from_spec(spec)
spec.loader.exec_module(conftest)


def test_counts_of_one_promise_add_up_in_one_line_and_a_failure_is_named():
    tried = [
        ("test_2.py", "Broken input", "archives", 40),
        ("test_1.py", "Killed", "trainings", 2),
        ("test_2.py", "Broken input", "pictures", 1200),
        ("test_2.py", "Broken input", "archives", 60),
    ]
    assert conftest.table(tried, ["test_2.py"])[2:] == [
        "| Killed | 2 trainings | yes |",
        "| Broken input | 100 archives, 1,200 pictures | no: test_2.py |",
    ]
