"""What varies between drawn dogs of one breed, how much of it, and the random numbers it is drawn from."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Nuisance:
    """What `difficulty` in [0, 1] means: each quantity runs linearly from its easy to its hard value.

    contrast : distance between base and marking colour, as a share of full brightness (0.46 to 0.12).
    spread : how far a breed's measures lie from the average dog; 1 is as far as in `dogs.BODIES` (1 to 0.35).
    jitter : largest relative deviation of each measure in an individual (0.05 to 0.24).
    turn : largest rotation of the dog in radians (0.05 to 0.22).
    smallest : smallest size of the dog as a share of the frame (0.86 to 0.55).
    clutter : chance of each thing that stands around; of each thing in front of the dog 0.6 times that (0.25 to 0.9).
    noise : standard deviation of the pixel noise as a share of full brightness (0.004 to 0.045).
    """

    contrast: float
    spread: float
    jitter: float
    turn: float
    smallest: float
    clutter: float
    noise: float

    @classmethod
    def of(cls, difficulty: float) -> "Nuisance":
        """Return the quantities at a difficulty in [0, 1]."""
        easy = np.array((0.46, 1.0, 0.05, 0.05, 0.86, 0.25, 0.004))
        hard = np.array((0.12, 0.35, 0.24, 0.22, 0.55, 0.90, 0.045))
        return cls(*(easy + difficulty * (hard - easy)).tolist())


class Draws:
    """Hands out the columns of an (n, columns) table of uniform numbers, one after the other, as (n, 1).

    Row i belongs to image i alone. Every call takes a new column, so that no two features share a number.
    """

    def __init__(self, table: np.ndarray) -> None:
        self.table, self.used = table, 0

    def uniform(self, low: float = 0.0, high: float = 1.0) -> np.ndarray:
        """Return float32 (n, 1) between low and high."""
        column = self.table[:, self.used : self.used + 1]
        if not column.size and len(self.table):
            raise IndexError(f"draws: the table has only {self.table.shape[1]} numbers per image")
        self.used += 1
        return (low + (high - low) * column).astype(np.float32)

    def columns(self, count: int, low: float = 0.0, high: float = 1.0) -> np.ndarray:
        """Return float32 (n, count) between low and high."""
        return np.concatenate([self.uniform(low, high) for _ in range(count)], axis=1)

    def chance(self, probability: float) -> np.ndarray:
        """Return bool (n, 1), True with that probability."""
        return self.uniform() < probability
