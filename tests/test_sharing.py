"""What users share: locks that all may take, and folders as open as the one they lie in."""

import os
import threading

from helpers.sharing import hold, inner_folder


def test_a_lock_is_everybodys_whatever_the_umask_and_one_waits_for_it(tmp_path, capsys):
    before = os.umask(0o077)
    try:
        held = hold(tmp_path / "a.lock")
    finally:
        os.umask(before)
    assert (tmp_path / "a.lock").stat().st_mode & 0o777 == 0o666
    with held:
        taken = threading.Event()

        def wait() -> None:
            with hold(tmp_path / "a.lock", "waiting for another run"):
                taken.set()

        other = threading.Thread(target=wait)
        other.start()
        assert not taken.wait(0.2)
    other.join(60)
    assert taken.is_set()
    assert "waiting for another run" in capsys.readouterr().err


def test_a_folder_is_as_open_as_the_one_it_lies_in(tmp_path):
    tmp_path.chmod(0o775)
    assert inner_folder(tmp_path / "set").stat().st_mode & 0o777 == 0o775
    (tmp_path / "set").chmod(0o700)
    assert inner_folder(tmp_path / "set").stat().st_mode & 0o777 == 0o700, "one that stands is left as it is"
