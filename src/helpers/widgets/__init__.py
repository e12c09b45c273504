"""Explorers: interactive figures that run in JupyterLab, in Colab, and in the static book without a kernel."""

from helpers.widgets.attention import AttentionExplorer, AttentionMap
from helpers.widgets.backpropagation import BackpropExplorer
from helpers.widgets.intervals import IntervalExplorer
from helpers.widgets.patches import PatchExplorer
from helpers.widgets.softmax import SoftmaxExplorer

__all__ = [
    "AttentionExplorer",
    "AttentionMap",
    "BackpropExplorer",
    "IntervalExplorer",
    "PatchExplorer",
    "SoftmaxExplorer",
]
