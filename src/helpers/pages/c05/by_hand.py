r"""Convolution by hand: the window that slides, the size of what it leaves, and the same as a matrix.

What networks call a convolution is a cross-correlation: $y_{ij} = \sum_{u,v} w_{uv}\,x_{is+ud-p,\,js+vd-p}$, with the
kernel as it is written. The convolution of mathematics turns the kernel by 180° first. Sizes: Dumoulin and Visin,
"A guide to convolution arithmetic for deep learning", arXiv 2016; there p is the padding on one side, as here.
"""

import numpy as np
from numpy.typing import ArrayLike

Array = np.ndarray


def output_size(size: int, kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> int:
    """Places at which a kernel fits along one axis: floor((n + 2p - d(k - 1) - 1) / s) + 1.

    Parameters
    ----------
    size
        n, pixels along the axis.
    kernel, stride, padding, dilation
        k, s, p on each side, and d, all in pixels.

    Raises
    ------
    ValueError
        If a number is too small, or the kernel does not fit once.
    """
    if min(size, kernel, stride, dilation) < 1 or padding < 0:
        raise ValueError(
            f"expected size, kernel, stride and dilation of at least 1 and a padding of at least 0, got "
            f"{size}, {kernel}, {stride}, {dilation} and {padding}"
        )
    room = size + 2 * padding - dilation * (kernel - 1) - 1
    if room < 0:
        raise ValueError(f"expected a kernel that fits into {size} + 2 x {padding} pixels, got one of {kernel}")
    return room // stride + 1


def correlate(image: Array, kernel: Array, stride: int = 1, padding: int = 0) -> Array:
    """Slide the kernel over the image and add up: (H, W), (k, k) -> (H', W'); it need not be square."""
    x = np.pad(image, padding)  # zeros around it
    sides = zip(image.shape, kernel.shape, strict=True)
    rows, columns = (output_size(n, k, stride, padding) for n, k in sides)
    y = np.zeros((rows, columns))
    for i in range(rows):
        for j in range(columns):
            top, left = i * stride, j * stride
            window = x[top : top + kernel.shape[0], left : left + kernel.shape[1]]
            y[i, j] = (window * kernel).sum()
    return y


def as_matrix(kernel: Array, shape: tuple[int, int], **how: int) -> Array:
    """The matrix T of a convolution on images (H, W): T @ image.ravel() is the map, raveled; (H'W', HW).

    Column m is the map of an image that is 1 at pixel m and 0 elsewhere: that is what a matrix of a linear map is.
    `how` takes the stride and the padding of `correlate`.
    """
    pixels = np.eye(shape[0] * shape[1]).reshape(-1, *shape)  # (HW, H, W)
    maps = [correlate(pixel, kernel, **how).ravel() for pixel in pixels]
    return np.stack(maps, axis=1)


def spread_back(kernel: ArrayLike, received: ArrayLike) -> Array:
    """Gradient of the input of a convolution, stride 1, no padding: each error goes back along the weights it came by.

    Parameters
    ----------
    kernel
        (k, k)
    received
        (H', W'), the gradient of the loss with respect to the map.

    Returns
    -------
    numpy.ndarray
        (H' + k - 1, W' + k - 1): the received map, padded by k - 1, under the kernel turned by 180°.
    """
    kernel = np.asarray(kernel, dtype=float)
    return correlate(np.asarray(received, dtype=float), kernel[::-1, ::-1], padding=len(kernel) - 1)
