"""The progress bar: one line that a notebook keeps, silence on request."""

import IPython.display
import pytest

from helpers import progress


class Shown:
    """Stands for the display of a notebook cell."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def update(self, data: dict, raw: bool) -> None:
        assert raw
        self.texts.append(data["text/plain"])


def test_a_notebook_keeps_the_last_state_on_one_line(monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    shown, made = Shown(), []

    def display(data: dict, *, raw: bool, display_id: bool) -> Shown:
        made.append(data)
        return shown

    monkeypatch.setattr(IPython.display, "display", display)
    monkeypatch.setattr(progress, "in_notebook", lambda: True)
    with progress.progress_bar(3, "training", unit="step") as bar:
        for _ in range(3):
            bar.update()
    assert len(made) == 1
    assert shown.texts[-1].startswith("training: 100%")
    assert "3/3" in shown.texts[-1]
    assert not any(set("\r\n") & set(text) for text in shown.texts)
    assert capsys.readouterr() == ("", "")


def test_a_lab_run_from_a_terminal_draws_there_and_under_the_bar_of_cells(monkeypatch, tmp_path, capsys) -> None:
    terminal = tmp_path / "terminal"
    terminal.touch()
    monkeypatch.setenv(progress.TERMINAL, str(terminal))
    monkeypatch.setattr(progress, "in_notebook", lambda: True)
    monkeypatch.setattr(IPython.display, "display", lambda *_, **__: pytest.fail("displayed"))
    with progress.progress_bar(2, "training", unit="step") as bar:
        bar.update(2)
        bar.refresh()
        bar.fp.flush()
        assert "training: 100%" in terminal.read_text()
    assert bar.pos == -1  # the second line
    assert capsys.readouterr() == ("", "")


def test_a_terminal_that_is_gone_leaves_the_bar_to_the_notebook(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv(progress.TERMINAL, str(tmp_path / "no folder" / "terminal"))
    monkeypatch.setattr(progress, "in_notebook", lambda: True)
    monkeypatch.setattr(IPython.display, "display", lambda data, *, raw, display_id: Shown())
    with progress.progress_bar(2, "training", unit="step") as bar:
        assert isinstance(bar, progress.CellBar)


def test_a_terminal_gets_an_ordinary_bar(capsys) -> None:
    assert not progress.in_notebook()
    with progress.progress_bar(2, "training", unit="step", initial=1) as bar:
        bar.update()
    assert "training: 100%" in capsys.readouterr().err


@pytest.mark.parametrize("notebook", [True, False])
def test_a_silent_bar_shows_nothing(monkeypatch: pytest.MonkeyPatch, capsys, notebook: bool) -> None:
    monkeypatch.setattr(progress, "in_notebook", lambda: notebook)
    monkeypatch.setattr(IPython.display, "display", lambda *_, **__: pytest.fail("displayed"))
    with progress.progress_bar(2, "training", unit="step", show=False) as bar:
        bar.update(2)
    assert capsys.readouterr() == ("", "")
