"""The guesses: ten questions, a few options each; the answer comes with what was measured, and a count of hits."""

from typing import Any

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from helpers.pages.c11.sentences import QUESTIONS, answered, right_option, values
from helpers.plots.style import INK, QUIET, RC
from helpers.widgets.base import Explorer


class GuessExplorer(Explorer):
    """Guess the number behind each sentence before you read on; each answer says what was measured."""

    script = "guesses.js"

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = [
            {"sentence": q.sentence, "asks": q.asks, "options": list(q.options.values())}
            | {"right": right_option(q, value), "answer": answered(q, value)}
            for q, value in zip(QUESTIONS, values(), strict=True)
        ]
        super().__init__({"questions": self.rows}, alt="Ten sentences and the question behind each, to be guessed.")

    def still(self) -> Figure:
        """The ten questions, for paper."""
        with plt.rc_context(RC):
            figure, ax = plt.subplots(figsize=(6.4, 5.6))
            ax.set_axis_off()
            for k, row in enumerate(self.rows):
                ax.text(0, 1 - k / 10, f"{k + 1}  {row['sentence']}", fontsize=11, color=INK, va="top", weight="bold")
                ax.text(0.03, 0.957 - k / 10, "   ".join(row["options"]), fontsize=10, color=QUIET, va="top")
        return figure
