"""The decoded cache: whole or absent, shared by runs, and honest about broken images."""

import errno
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from helpers.data import cache as cache_module
from helpers.data.cache import BrokenImagesError, CacheError, build_cache
from helpers.data.decode import decode_image


def encode(image: Image.Image, kind: str = "JPEG", **options) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def drawing(seed: int, size: tuple[int, int] = (60, 40)) -> Image.Image:
    """A soft picture: a colour field with one disc, so that every resize keeps it recognisable."""
    rng = np.random.default_rng(seed)
    image = Image.new("RGB", size, tuple(rng.integers(0, 256, 3).tolist()))
    x, y = rng.integers(5, 30, 2).tolist()
    ImageDraw.Draw(image).ellipse((x, y, x + 20, y + 15), fill=tuple(rng.integers(0, 256, 3).tolist()))
    return image


def make_items(count: int = 20) -> list:
    return [(f"dog_{i}.jpg", encode(drawing(i), quality=95), None) for i in range(count)]


def build(items, folder, **arguments):
    return build_cache(items, **{"size": 16, "key": "k", "folder": folder, "progress": False, **arguments})


def forbidden(*_):
    raise AssertionError("decoded a second time")


def remaining(folder: Path) -> list[str]:
    """What stands in the folder, apart from the empty lock files."""
    return sorted(path.name for path in folder.iterdir() if path.suffix != ".lock")


def test_rows_are_the_decoded_images_in_order(tmp_path):
    items = make_items()
    result = build(items, tmp_path)
    assert result.images.shape == (20, 16, 16, 3)
    assert isinstance(result.images, np.memmap)
    assert result.kept.tolist() == list(range(20))
    assert result.broken == []
    for row, (_, data, _) in zip(result.images, items, strict=True):
        assert np.array_equal(row, decode_image(data, 16))


def test_a_cache_is_opened_not_built_again(tmp_path):
    first = build(make_items(), tmp_path)
    again = build(make_items(), tmp_path, decode=forbidden)
    assert np.array_equal(first.images, again.images)
    assert [Path(name).suffix for name in remaining(tmp_path)] == [".json", ".npy"]


@pytest.mark.parametrize("other", [{"size": 8}, {"key": "other"}, {"rule": "other"}, {"items": make_items(19)}])
def test_another_key_size_rule_or_count_is_another_cache(tmp_path, other):
    build(make_items(), tmp_path)
    build(**{"items": make_items(), "folder": tmp_path, **other})
    assert len(remaining(tmp_path)) == 4


def test_sources_may_be_functions_and_rows_come_in_any_order(tmp_path):
    items = make_items()
    shuffled = [(row, *items[row]) for row in np.random.default_rng(0).permutation(20).tolist()]
    stream = ((row, name, lambda data=data: data, box) for row, name, data, box in shuffled)
    assert np.array_equal(build(stream, tmp_path / "a", count=20).images, build(items, tmp_path / "b").images)


def test_rows_must_each_come_once(tmp_path):
    items = [(row, *item) for row, item in enumerate(make_items(4))]
    for wrong, told in (
        (items[:3], r"expected 4 images, got none for rows \[3\]"),
        ([*items[:3], items[0]], r"each row of 0..3 once, got row 0 \(dog_0.jpg\)"),
        ([*items[:3], (4, *items[3][1:])], "got row 4"),
    ):
        with pytest.raises(ValueError, match=told):
            build(iter(wrong), tmp_path, count=4)
        assert remaining(tmp_path) == []


def with_broken(count: int = 20) -> tuple[list, list[int]]:
    items = make_items(count)
    whole = items[11][1]
    items[3] = ("cut.jpg", items[3][1][: len(items[3][1]) // 2], None)
    items[7] = ("note.jpg", b"this is not a photograph", None)
    items[11] = ("zeros.jpg", whole[: len(whole) // 2] + bytes(len(whole) // 2), None)
    items[19] = ("empty.jpg", b"", None)
    return items, [3, 7, 11, 19]


def test_all_broken_images_are_listed_with_the_way_out(tmp_path):
    items, broken = with_broken()
    with pytest.raises(BrokenImagesError) as caught:
        build(items, tmp_path)
    assert [name for name, _ in caught.value.broken] == [items[row][0] for row in broken]
    for row in broken:
        assert items[row][0] in str(caught.value)
    assert 'on_broken="skip"' in str(caught.value)
    assert "4 of 20" in str(caught.value)
    assert isinstance(caught.value, ValueError)
    assert remaining(tmp_path) == []


def test_skipping_leaves_broken_rows_out_and_counts_them(tmp_path):
    items, broken = with_broken()
    good = [row for row in range(20) if row not in broken]
    for _ in range(2):  # built, then opened
        result = build(items, tmp_path, on_broken="skip")
        assert result.kept.tolist() == good
        assert [name for name, _ in result.broken] == [items[row][0] for row in broken]
        assert result.images.shape == (16, 16, 16, 3)
        for row, pixels in zip(good, result.images, strict=True):
            assert np.array_equal(pixels, decode_image(items[row][1], 16))
    with pytest.raises(BrokenImagesError, match=r"cut\.jpg"):
        build(items, tmp_path, decode=forbidden)  # a later run that does not skip is told all the same


def test_a_set_of_broken_images_alone_is_an_error_even_when_skipping(tmp_path):
    with pytest.raises(BrokenImagesError, match="2 of 2"):
        build([("a", b"", None), ("b", b"x", None)], tmp_path, on_broken="skip")
    assert remaining(tmp_path) == []


def test_a_source_that_fails_stops_the_build_without_leftovers(tmp_path):
    def cut_archive():
        yield from make_items(10)
        raise ValueError("images.tar: cut short")

    with pytest.raises(ValueError, match="cut short"):
        build(cut_archive(), tmp_path, count=20)
    assert remaining(tmp_path) == []


def test_a_full_disk_is_foreseen(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**6, 10**6, 100))
    with pytest.raises(CacheError, match=r"20 images at 16 px needs 0\.0 MB.*HELPERS_CACHE") as caught:
        build(make_items(), tmp_path, decode=forbidden)
    assert caught.value.errno == errno.ENOSPC
    assert str(tmp_path) in str(caught.value)
    assert str(caught.value).count("HELPERS_CACHE") == 1
    assert remaining(tmp_path) == []


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_disk_that_fills_up_while_writing_leaves_nothing(tmp_path, monkeypatch, code):
    write, written = os.pwrite, []

    def fill_up(fd, data, place):
        written.append(place)
        if len(written) > 6:
            raise OSError(code, os.strerror(code))
        return write(fd, data, place)

    monkeypatch.setattr(cache_module.os, "pwrite", fill_up)
    with pytest.raises(CacheError, match="HELPERS_CACHE"):
        build(make_items(40), tmp_path)
    assert remaining(tmp_path) == []
    monkeypatch.undo()
    assert len(build(make_items(40), tmp_path).images) == 40


def test_a_short_write_is_continued(tmp_path, monkeypatch):
    write = os.pwrite
    monkeypatch.setattr(cache_module.os, "pwrite", lambda fd, data, place: write(fd, data[:100], place))
    result = build(make_items(3), tmp_path)
    assert np.array_equal(result.images[2], decode_image(make_items(3)[2][1], 16))


def test_a_folder_that_cannot_be_written_is_named(tmp_path, monkeypatch):
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(CacheError, match="file"):
        build(make_items(1), file / "cache")
    monkeypatch.setattr(os, "access", lambda *_: False)  # as for a reader without permission
    with pytest.raises(CacheError, match=r"cannot be written.*HELPERS_CACHE"):
        build(make_items(1), tmp_path)


def test_a_standing_cache_is_read_without_permission_to_write(tmp_path, monkeypatch):
    build(make_items(2), tmp_path)
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert len(build(make_items(2), tmp_path).images) == 2


@pytest.mark.parametrize("damage", ["cut", "longer", "no description", "not json", "other description", "rows"])
def test_a_damaged_cache_is_built_again(tmp_path, damage):
    expected = build(make_items(), tmp_path).images.copy()
    array, description = next(tmp_path.glob("*.npy")), next(tmp_path.glob("*.json"))
    if damage == "cut":
        os.truncate(array, 1000)
    elif damage == "longer":
        array.write_bytes(array.read_bytes() + b"\0")
    elif damage == "no description":
        description.unlink()
    elif damage == "not json":
        description.write_text("{")
    else:
        content = json.loads(description.read_text())
        content |= {"size": 8} if damage == "other description" else {"kept": content["kept"][1:]}
        description.write_text(json.dumps(content))
    assert np.array_equal(build(make_items(), tmp_path).images, expected)
    assert np.array_equal(build(make_items(), tmp_path, decode=forbidden).images, expected)


PROGRAM = """
import sys, time
from pathlib import Path
from helpers.data.cache import build_cache
from helpers.data.decode import decode_image
folder, log, pause = sys.argv[1], Path(sys.argv[2]), float(sys.argv[3])
def slow(data, size, box):
    with log.open("a") as file: file.write("d")
    time.sleep(pause)
    return decode_image(data, size, box)
data = Path(sys.argv[4]).read_bytes()
result = build_cache([(f"{i}", data, None) for i in range(40)], slow, size=16, key="k", folder=folder, workers=1)
print(result.images.shape, int(result.images.min(axis=(1, 2, 3)).max()))
"""


def start(tmp_path: Path, pause: float) -> subprocess.Popen:
    (tmp_path / "white.png").write_bytes(encode(Image.new("RGB", (8, 8), "white"), "PNG"))
    where = [str(tmp_path / "cache"), str(tmp_path / "log"), str(pause), str(tmp_path / "white.png")]
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *where], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def wait_for(log: Path, decoded: int) -> None:
    deadline = time.monotonic() + 60
    while not log.exists() or log.stat().st_size < decoded:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_two_runs_share_one_build(tmp_path):
    first = start(tmp_path, 0.03)
    wait_for(tmp_path / "log", 3)
    second = start(tmp_path, 0.03)
    outputs = [run.communicate(timeout=60) for run in (first, second)]
    assert [out.strip() for out, _ in outputs] == ["(40, 16, 16, 3) 255"] * 2
    assert (tmp_path / "log").stat().st_size == 40  # decoded once, not twice


def test_a_killed_build_leaves_no_cache_and_the_next_run_succeeds(tmp_path):
    killed = start(tmp_path, 0.05)
    wait_for(tmp_path / "log", 10)
    killed.send_signal(signal.SIGKILL)
    killed.communicate(timeout=60)
    assert [Path(name).suffix for name in remaining(tmp_path / "cache")] == [".part"]
    out, err = start(tmp_path, 0.0).communicate(timeout=60)
    assert out.strip() == "(40, 16, 16, 3) 255", err
    assert [Path(name).suffix for name in remaining(tmp_path / "cache")] == [".json", ".npy"]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"on_broken": "ignore"}, "on_broken.*'ignore'"),
        ({"size": 0}, "size.*got 0"),
        ({"size": 16.0}, "size.*got 16.0"),
        ({"key": ""}, "key"),
        ({"workers": 0}, "workers.*got 0"),
        ({"items": []}, "at least one image, got 0"),
        ({"items": iter(make_items(2))}, "count"),
        ({"decode": lambda data, size, box: np.zeros((size, size))}, r"uint8 \(16, 16, 3\), got float64"),
    ],
)
def test_wrong_arguments_are_named(tmp_path, wrong, told):
    with pytest.raises(ValueError, match=told):
        build(**{"items": make_items(2), "folder": tmp_path / "new", **wrong})
    assert not (tmp_path / "new").exists() or remaining(tmp_path / "new") == []
