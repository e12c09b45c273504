"""Explorers: interactive figures that run in JupyterLab, in Colab, and in the static book without a kernel."""
