"""Training and prediction for every model of the course, on a CPU, a GPU, or several by `torchrun`.

Nothing here knows a data set or an architecture.
"""

from helpers.training.checkpoints import CheckpointError
from helpers.training.config import PRECISIONS, TrainingConfig, resolve_precision
from helpers.training.distributed import process_state, training_device
from helpers.training.fit import estimate_seconds, fit, predict
from helpers.training.history import EpochRow, History, TrainingDiverged
from helpers.training.run import set_training_mode
from helpers.training.step import BatchSource, Classification, Step

__all__ = [
    "PRECISIONS",
    "BatchSource",
    "CheckpointError",
    "Classification",
    "EpochRow",
    "History",
    "Step",
    "TrainingConfig",
    "TrainingDiverged",
    "estimate_seconds",
    "fit",
    "predict",
    "process_state",
    "resolve_precision",
    "set_training_mode",
    "training_device",
]
