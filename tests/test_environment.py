"""One set of requirements: pyproject.toml, constraints.txt and environment.yml agree."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
INSTALLED = set(EXTRAS) - {"cluster", "mutants"}  # by `make`; `dev` has what `cluster` has
PINS = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if line.strip()]


def test_environment_yml_installs_what_pyproject_says():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    python, pip, options = environment["dependencies"]
    assert SpecifierSet(python.removeprefix("python ")) == SpecifierSet(PROJECT["requires-python"])
    assert pip == "pip"
    assert "--constraint constraints.txt" in options["pip"]
    editable = next(line for line in options["pip"] if line.startswith("--editable"))
    assert set(re.search(r"\[(.*)\]", editable)[1].split(",")) == INSTALLED


def test_the_makefile_installs_the_same_extras():
    command = re.search(r"--editable '\.\[(.*)\]'", (ROOT / "Makefile").read_text())
    assert set(command[1].split(",")) == INSTALLED
    assert set(EXTRAS["cluster"]) <= set(EXTRAS["dev"]), "the tests need Ray"


def test_every_requirement_is_pinned_exactly_and_the_pin_fits():
    pins: dict[str, list[Requirement]] = {}
    for line in PINS:
        pin = Requirement(line)
        assert [s.operator for s in pin.specifier] == ["=="], f"not an exact version: {line}"
        pins.setdefault(canonicalize_name(pin.name), []).append(pin)
    for text in PROJECT["dependencies"] + [r for extra in EXTRAS.values() for r in extra]:
        wanted = Requirement(text)
        found = pins.get(canonicalize_name(wanted.name))
        assert found, f"{wanted.name} is not in constraints.txt"
        for pin in found:
            assert wanted.specifier.contains(next(iter(pin.specifier)).version, prereleases=True), (
                f"{text} against {pin}"
            )


def test_constraints_hold_names_and_versions_only():
    for line in PINS:
        assert not re.search(r"://|@|--|\bfile:|#", line), f"an address or an option: {line}"


def test_every_python_that_we_name_gets_one_version_of_each_package():
    for minor in (11, 12, 13):
        marker = {"python_full_version": f"3.{minor}.0", "python_version": f"3.{minor}", "sys_platform": "linux"}
        names = [
            canonicalize_name(pin.name)
            for pin in map(Requirement, PINS)
            if pin.marker is None or pin.marker.evaluate(marker | {"os_name": "posix", "platform_system": "Linux"})
        ]
        assert len(names) == len(set(names)), f"two versions of one package on Python 3.{minor}"


# ---- the workflows ---------------------------------------------------------------------------------------------------

WORKFLOWS = {path.name: path.read_text() for path in sorted((ROOT / ".github/workflows").glob("*.yml"))}
JOBS = {
    f"{name}: {job}": (yaml.safe_load(text), content)
    for name, text in WORKFLOWS.items()
    for job, content in yaml.safe_load(text)["jobs"].items()
}


@pytest.mark.parametrize("name", WORKFLOWS)
def test_every_action_is_pinned_by_the_sha_of_its_commit(name):
    used = re.findall(r"uses: *(.+)", WORKFLOWS[name])
    assert used
    for action in used:
        assert re.fullmatch(r"[\w/.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action), f"not pinned: {action}"


@pytest.mark.parametrize("job", JOBS)
def test_every_target_and_file_that_a_job_names_is_there(job):
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):(?!=)", makefile, re.MULTILINE))
    scripts = "\n".join(step.get("run", "") for step in JOBS[job][1]["steps"])
    asked = re.findall(r"\bmake ([a-z-]+)", scripts)
    files = re.findall(r"(?<![\w/.])(?:scripts|tests)/[\w./-]+|\bconstraints\.txt", scripts)
    assert set(asked) <= targets
    assert [name for name in files if not (ROOT / name).exists()] == []
    assert all(step.keys() & {"run", "uses"} for step in JOBS[job][1]["steps"])
    assert JOBS[job][1]["timeout-minutes"] <= 360


def test_what_can_break_without_a_commit_is_asked_every_week():
    weekly = yaml.safe_load(WORKFLOWS["weekly.yml"])
    assert re.fullmatch(r"\d+ \d+ \* \* [0-6]", weekly[True]["schedule"][0]["cron"])  # YAML 1.1 reads "on" as true
    said = {name: " ".join(s.get("run", "") for s in job["steps"]) for name, job in weekly["jobs"].items()}
    assert "scripts/as_on_colab.py" in said["colab"]
    assert "make links" in said["addresses"]
    assert "pip_audit --strict --requirement constraints.txt" in said["holes"]
    assert weekly["jobs"]["promises"]["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13"]
    assert said["promises"].endswith("make soak")
    assert weekly["jobs"]["mac"]["runs-on"].startswith("macos-")
    assert "make unit" in said["mac"]
    assert "make smoke" in said["mac"]


@pytest.mark.parametrize("job", JOBS)
def test_no_expression_is_pasted_into_a_script(job):
    """An input with a quote in it would be a command; an environment variable is a value."""
    for step in JOBS[job][1]["steps"]:
        assert "${{" not in step.get("run", ""), step["run"]


@pytest.mark.parametrize("job", JOBS)
def test_what_runs_the_projects_code_may_only_read(job):
    workflow, content = JOBS[job]
    rights = content.get("permissions", workflow["permissions"])
    checkouts = [step for step in content["steps"] if step.get("uses", "").startswith("actions/checkout@")]
    assert all(step["with"]["persist-credentials"] is False for step in checkouts), "a token stays in the checkout"
    scripts = " ".join(step.get("run", "") for step in content["steps"])
    if checkouts or re.search(r"\bmake\b|\.venv|python", scripts):
        assert rights == {"contents": "read"}


def test_nothing_but_the_ci_command_looks_outside_the_repository():
    words = ["git", "grep", "-l", "--fixed-strings", "../" + "shared"]
    found = subprocess.run(words, cwd=ROOT, capture_output=True, text=True).stdout.split()
    assert found == [".ci/run"]


def test_tests_of_one_file_stay_together(request):
    """Under `--dist loadgroup`. Releases of pytest and pytest-xdist that do not go together drop the groups silently,
    and each worker then opens every page of the book (pytest-xdist issue 1386)."""
    worker = getattr(request.config, "workerinput", None)
    if worker is None or not getattr(request.config.option, "loadgroup", False):
        pytest.skip("not under pytest -n 2 --dist loadgroup")
    assert request.node.nodeid.endswith(f"@{Path(__file__).stem}")


def test_what_the_readme_shows_and_links_is_in_the_repository():
    """A picture that git ignores is there for whoever drew it, and for nobody else."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    local = [link for link in re.findall(r"\]\(([^)#:]+)\)", text) if "<" not in link]
    assert local
    ignored = subprocess.run(["git", "check-ignore", *local], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ignored.stdout == ""
    assert [link for link in local if not (ROOT / link).exists()] == []


def test_what_the_page_on_security_links_is_in_the_repository():
    links = re.findall(r"\]\(([^)#:]+)\)", (ROOT / "SECURITY.md").read_text(encoding="utf-8"))
    assert len(set(links)) > 10
    assert [link for link in links if not (ROOT / link).exists()] == []
