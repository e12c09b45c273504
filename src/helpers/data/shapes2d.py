"""Anti-aliased drawing of many small pictures at once, from signed distances, in numpy.

A shape is a *signed distance* at every pixel: negative inside, in the units of the coordinates.
Coordinates and distances are float32 (n, P) for n images of P = S * S pixels; a parameter is (n, 1).
"""

import numpy as np


def taper(x, y, ax, ay, bx, by, ra, rb) -> np.ndarray:  # type: ignore[no-untyped-def]
    """Distance to a limb: a disc that moves from a to b while its radius goes from ra to rb; (n, P)."""
    dx, dy = bx - ax, by - ay
    inverse = 1 / np.maximum(dx * dx + dy * dy, np.float32(1e-8))
    px, py = x - ax, y - ay
    t = px * (dx * inverse)
    t += py * (dy * inverse)
    np.clip(t, 0, 1, out=t)
    px -= t * dx
    py -= t * dy
    px *= px
    py *= py
    px += py
    np.sqrt(px, out=px)
    t *= rb - ra
    px -= t
    px -= ra
    return px


def ellipse(x, y, cx, cy, rx, ry) -> np.ndarray:  # type: ignore[no-untyped-def]
    """Distance to an upright ellipse, exact to first order at its edge; (n, P)."""
    ux, uy = (x - cx) / rx, (y - cy) / ry
    k = np.sqrt(ux * ux + uy * uy)
    slope = np.sqrt((ux / rx) ** 2 + (uy / ry) ** 2)
    return k * (k - 1) / np.maximum(slope, np.float32(1e-6))


def blend(d: np.ndarray, e: np.ndarray, width: np.ndarray | float) -> np.ndarray:
    """Union of two shapes with the inner corner rounded over `width` (polynomial smooth minimum); (n, P)."""
    h = np.abs(d - e)
    h /= -width
    h += 1
    np.maximum(h, 0, out=h)
    h *= h
    h *= np.float32(0.25) * width
    out = np.minimum(d, e)
    out -= h
    return out


def cover(d: np.ndarray, pixel: np.ndarray | float) -> np.ndarray:
    """Share of each pixel that the shape covers, in [0, 1], for pixels `pixel` wide; (n, P)."""
    return np.clip(np.float32(0.5) - d / pixel, 0, 1)


def paint(canvas: np.ndarray, alpha: np.ndarray, colour: np.ndarray) -> None:
    """Lay a colour over the canvas in place.

    canvas (n, 3, P); alpha (n, P) opacity; colour (n, 3, 1), or (n, 3, P) for a colour per pixel.
    """
    for channel in range(3):
        difference = colour[:, channel] - canvas[:, channel]
        difference *= alpha
        canvas[:, channel] += difference


def hsv(hue: np.ndarray, saturation: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Colours from hue (a full circle is 1), saturation and value in [0, 1], each (n, 1); returns (n, 3, 1)."""
    k = (np.array([5, 3, 1], dtype=np.float32) + hue * 6) % 6
    return (value - value * saturation * np.clip(np.minimum(k, 4 - k), 0, 1))[:, :, None].astype(np.float32)
