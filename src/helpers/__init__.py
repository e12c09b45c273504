"""Models, data, training and measurement for the course From Convolution to Attention.

Import what you need from the submodules; importing `helpers` alone loads nothing heavy.
"""

__version__ = "0.1.0"
__course__ = "from-convolution-to-attention"  # the distribution's name; a lab's first cell looks for it here
