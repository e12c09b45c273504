"""Sweeps: an experiment as a grid of lab runs, on one machine or on many, by Ray.

`make sweep GRID=labs/grids/smoke.yaml` is the way in. A grid names a lab, an edition and the tasks; each task is one
run of the lab with a record and checkpoints of its own. Ray is imported only where a sweep runs.
"""

from helpers.sweep.grid import Grid, GridError, Task, read_grid
from helpers.sweep.task import TaskResult

__all__ = ["Grid", "GridError", "Task", "TaskResult", "read_grid"]
