"""Coat textures of the drawn breeds: the local factor.

A coat is a field over the plane that says how much of the *marking* colour a point carries (0 base, 1 marking).
Every coat covers about the same share of the plane (`COVERAGE`), so neither mean colour nor brightness gives a
texture away; what differs is local structure: round or long, closed or open, regular or not.

All functions work on flat arrays of points: `u`, `v` in units of one texture period, `key` an integer per point
that is constant within an image (it seeds the cells), `wave` a table of random numbers per point's image.
They return a *signed field*, positive inside a marking, with slope of about one per period at the edge.
"""

from collections.abc import Callable

import numpy as np

COVERAGE = 0.42  # the share of a coat that carries the marking colour, equal for all textures

Field = Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray], np.ndarray]


def hash01(i: np.ndarray, j: np.ndarray, key: np.ndarray, salt: int) -> np.ndarray:
    """Return a reproducible pseudo-random float32 in [0, 1) for each integer cell (i, j) of each image key."""
    h = i.astype(np.int32).view(np.uint32) * np.uint32(0x9E3779B1)
    h ^= j.astype(np.int32).view(np.uint32) * np.uint32(0x85EBCA77)
    h ^= key.astype(np.uint32) * np.uint32(0xC2B2AE3D) + np.uint32(salt * 0x27D4EB2F & 0xFFFFFFFF)
    h ^= h >> np.uint32(15)
    h *= np.uint32(0x2C1B3C6D)
    h ^= h >> np.uint32(12)
    h *= np.uint32(0x297A2D39)
    h ^= h >> np.uint32(15)
    return (h >> np.uint32(8)).astype(np.float32) * np.float32(2**-24)


def _cells(u: np.ndarray, v: np.ndarray, key: np.ndarray, jitter: float) -> tuple[np.ndarray, ...]:
    """Split the plane into staggered unit cells; return each point's offset from its jittered centre, and the cell."""
    j = np.floor(v)
    u = u + np.float32(0.5) * (j % 2)  # every second row is shifted by half a cell, like bricks
    i = np.floor(u)
    du = u - i - np.float32(0.5) - (hash01(i, j, key, 1) - np.float32(0.5)) * np.float32(2 * jitter)
    dv = v - j - np.float32(0.5) - (hash01(i, j, key, 2) - np.float32(0.5)) * np.float32(2 * jitter)
    return du, dv, i, j


def _blobs(u: np.ndarray, v: np.ndarray, wave: np.ndarray, frequency: float) -> np.ndarray:
    """Return smooth noise, a sum of five plane waves in random directions, with standard deviation of about 1."""
    total = np.zeros_like(u)
    for k in range(5):
        angle = 2 * np.pi * (wave[k] + k / 5)
        f = 2 * np.pi * frequency * (0.75 + 0.5 * wave[k + 1])
        total += np.cos(u * (f * np.cos(angle)) + v * (f * np.sin(angle)) + 2 * np.pi * wave[k + 2])
    return total * np.float32(np.sqrt(2 / 5))


def spotted(u: np.ndarray, v: np.ndarray, key: np.ndarray, wave: np.ndarray) -> np.ndarray:
    """Round spots, one a cell, each a little off centre and of its own size."""
    du, dv, i, j = _cells(u, v, key, 0.1)
    radius = np.float32(0.315) + np.float32(0.1) * hash01(i, j, key, 3)
    return radius - np.sqrt(du * du + dv * dv)


def brindled(u: np.ndarray, v: np.ndarray, key: np.ndarray, wave: np.ndarray) -> np.ndarray:
    """Wavy stripes from back to belly, as on a tiger."""
    bend = np.float32(0.16) * np.sin(2 * np.pi * (np.float32(0.55) * v + wave[0]))
    bend += np.float32(0.10) * np.sin(2 * np.pi * (np.float32(0.31) * (v + u) + wave[1]))
    return (np.cos(2 * np.pi * (u + bend)) - np.float32(0.25)) * np.float32(1 / 6)


def curly(u: np.ndarray, v: np.ndarray, key: np.ndarray, wave: np.ndarray) -> np.ndarray:
    """Locks of wool: a ring in each cell, open on one side."""
    du, dv, i, j = _cells(u * np.float32(0.72), v * np.float32(0.72), key, 0.03)
    r = np.sqrt(du * du + dv * dv)
    ring = np.float32(0.12) - np.abs(r - np.float32(0.31))
    turn = 2 * np.pi * hash01(i, j, key, 4)
    gap = du * np.cos(turn) + dv * np.sin(turn) - np.float32(0.28)  # positive in the opening of the lock
    return np.minimum(ring, -gap + np.float32(0.06)) * np.float32(1.4)


def patched(u: np.ndarray, v: np.ndarray, key: np.ndarray, wave: np.ndarray) -> np.ndarray:
    """A few large irregular patches, as on a cow."""
    return (_blobs(u, v, wave, 0.45) - np.float32(0.2)) * np.float32(0.35)


def ticked(u: np.ndarray, v: np.ndarray, key: np.ndarray, wave: np.ndarray) -> np.ndarray:
    """Short slanted flecks, each at its own angle."""
    du, dv, i, j = _cells(u * np.float32(1.1), v * np.float32(1.1), key, 0.06)
    turn = np.float32(0.5) + hash01(i, j, key, 5)
    c, s = np.cos(turn), np.sin(turn)
    along, across = np.abs(du * c + dv * s), np.abs(dv * c - du * s)
    return np.minimum(np.float32(0.5) - along, np.float32(0.2) - across)


def marbled(u: np.ndarray, v: np.ndarray, key: np.ndarray, wave: np.ndarray) -> np.ndarray:
    """Veins of a folded noise, as on polished stone."""
    return (np.float32(0.53) - np.abs(_blobs(u, v, wave, 0.42))) * np.float32(0.4)


def tweedy(u: np.ndarray, v: np.ndarray, key: np.ndarray, wave: np.ndarray) -> np.ndarray:
    """Herringbone: diagonal lines that turn at every column."""
    column = np.abs((u * np.float32(0.45) + wave[0]) % 1 - np.float32(0.5)) * np.float32(4.4)
    return (np.cos(2 * np.pi * (v + column)) - np.float32(0.25)) * np.float32(1 / 9)


def chequered(u: np.ndarray, v: np.ndarray, key: np.ndarray, wave: np.ndarray) -> np.ndarray:
    """Rounded chequerboard on its corner."""
    return (np.cos(np.pi * (u + v)) * np.cos(np.pi * (u - v)) - np.float32(0.1)) * np.float32(0.3)


def plaid(u: np.ndarray, v: np.ndarray, key: np.ndarray, wave: np.ndarray) -> np.ndarray:
    """A square lattice of lines."""
    line_u = np.abs((u * np.float32(0.8)) % 1 - np.float32(0.5))
    line_v = np.abs((v * np.float32(0.8)) % 1 - np.float32(0.5))
    return np.float32(0.12) - np.minimum(line_u, line_v)


COATS: dict[str, Field] = {
    "spotted": spotted,
    "brindled": brindled,
    "curly": curly,
    "patched": patched,
    "ticked": ticked,
    "marbled": marbled,
    "tweedy": tweedy,
    "chequered": chequered,
    "plaid": plaid,
}


def marking(
    texture: str, u: np.ndarray, v: np.ndarray, key: np.ndarray, wave: np.ndarray, edge: np.ndarray
) -> np.ndarray:
    """Return the share in [0, 1] of marking colour at points (u, v), with edges `edge` periods wide.

    `wave` (7, points) holds uniform numbers of each point's image; `key` (points,) seeds its cells.
    """
    field = COATS[texture](u, v, key, wave)
    return np.clip(field / edge + np.float32(0.5), 0, 1).astype(np.float32, copy=False)
