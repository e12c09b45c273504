"""Explorers: interactive figures that run in JupyterLab, in Colab, and in the static book without a kernel."""

from helpers.widgets.attention import AttentionExplorer, AttentionMap
from helpers.widgets.intervals import IntervalExplorer

__all__ = [
    "AttentionExplorer",
    "AttentionMap",
    "IntervalExplorer",
]
