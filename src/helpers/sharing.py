"""Files that runs and users share: a lock that every user may take, files that every user may read.

A folder's permissions say who may come in; inside, nothing hangs on whose umask made a file first.
"""

import errno
import os
import stat
import sys
from pathlib import Path

from filelock import AcquireReturnProxy, FileLock, Timeout

READABLE = 0o644  # of a file that others read and its owner alone changes


def hold(path: Path, waiting: str | None = None) -> AcquireReturnProxy:
    """Hold a lock until the end of the `with` block; a killed run frees its locks by dying.

    Parameters
    ----------
    path
        The empty file stays: removing it would split those who wait.
    waiting
        What is said where another run holds it.

    Raises
    ------
    PermissionError
        Where the file is another user's, from before locks were everybody's.
    """
    lock = FileLock(path, mode=0o666)
    try:
        return lock.acquire(timeout=0)
    except Timeout:
        if waiting:
            print(waiting, file=sys.stderr)
        return lock.acquire()
    except PermissionError as error:
        reason = (
            "this lock is another user's, who alone may take it: have it removed, or let HELPERS_CACHE name a folder"
        )
        raise PermissionError(errno.EACCES, f"{reason} of yours", os.fspath(path)) from error


def inner_folder(path: Path) -> Path:
    """Make a folder, where there is none, with the permissions of the one it lies in."""
    if not path.is_dir():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir(exist_ok=True)
        path.chmod(stat.S_IMODE(path.parent.stat().st_mode))
    return path
