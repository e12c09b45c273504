"""Broken data packs (archives, lists, annotations, sentences) work or are refused by name, with a way out."""

import gzip
import io
import random
import sys
import tarfile
import zipfile
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np
import pytest
import scipy.io
from PIL import Image

from helpers.data import load_dataset
from helpers.data.orl_faces import load_orl_faces
from helpers.data.text import load_fra_eng
from helpers.data.tiny_imagenet import CLASSES, TEST, TRAIN, load_tiny_imagenet

spec = spec_from_file_location("broken", Path(__file__).with_name("broken.py"))
broken = sys.modules["broken"] = module_from_spec(spec)
spec.loader.exec_module(broken)
tries = broken.tries


def photograph(seed: int, form: str = "JPEG", mode: str = "RGB", size: tuple[int, int] = (24, 16)) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, (*size[::-1], 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(file, form)
    return file.getvalue()


def tar(members: dict[str, bytes], evil: random.Random | None = None) -> bytes:
    """An archive; with `evil`, one member more that has no place in it."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        if evil is not None:
            name = evil.choice(("../evil", "/tmp/evil", "a/../../evil", "Images/..\\evil", *members))
            info = tarfile.TarInfo(name)
            kinds = (tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE)
            info.type, info.linkname = evil.choice(kinds), evil.choice(("../../evil", "/etc/passwd", name))
            archive.addfile(info)
    return file.getvalue()


def mat(entries: list[tuple[str, int]]) -> bytes:
    cells = np.empty((len(entries), 1), dtype=object)
    for row, (name, _) in enumerate(entries):
        cells[row, 0] = np.array([name])
    file = io.BytesIO()
    scipy.io.savemat(file, {"file_list": cells, "labels": np.array([[label] for _, label in entries], dtype=np.uint8)})
    return b"MATLAB 5.0 MAT-file".ljust(116) + file.getvalue()[116:]


def annotation() -> bytes:
    return (
        b'<annotation verified="yes"><size><width>24</width></size><object><name>dog</name><bndbox><xmin>2</xmin>'
        b"<ymin>1</ymin><xmax>20</xmax><ymax>15</ymax></bndbox></object></annotation>"
    )


def dogs() -> dict[str, dict[str, bytes]]:
    """Two classes, two photographs to learn from and one to be judged on of each."""
    names = {k: [f"n0{k}-dog_{k}/n0{k}_{i}.jpg" for i in range(3)] for k in (1, 2)}
    train = [(name, k) for k, own in names.items() for name in own[:2]]
    test = [(own[2], k) for k, own in names.items()]
    everything = [name for own in names.values() for name in own]
    return {
        "images.tar": {f"Images/{name}": photograph(i) for i, name in enumerate(everything)},
        "annotation.tar": {f"Annotation/{name[:-4]}": annotation() for name in everything},
        "lists.tar": {"train_list.mat": mat(train), "test_list.mat": mat(test), "file_list.mat": mat(train + test)},
    }


def accident(pack: dict[str, dict[str, bytes]], archive: str, rng: random.Random) -> tuple[str, bytes]:
    """One archive after an accident: to its bytes, to those of one member, or a member too many or too few."""
    members, where = dict(pack[archive]), rng.random()
    if where < 0.1:
        return "evil member", tar(members, rng)
    if where < 0.2:
        del members[rng.choice(list(members))]
        return "member gone", tar(members)
    if where < 0.6:
        name = rng.choice(list(members))
        how, members[name] = broken.mutated(members[name], rng)
        return f"{how} in {name}", tar(members)
    how, data = broken.mutated(tar(members), rng)
    return how, data


@pytest.mark.parametrize("archive", ["images.tar", "annotation.tar", "lists.tar"])
def test_a_broken_archive_of_dogs(archive, tries, amount, count, monkeypatch):
    pack, rng = dogs(), random.Random(archive)
    for number in range(amount(10, 250)):
        how, data = accident(pack, archive, rng)
        packed = number % 3 == 0
        with tries.folder() as folder:
            own = folder / "stanford_dogs"
            own.mkdir()
            for name, members in pack.items():
                whole = data if name == archive else tar(members)
                (own / f"{name}{'.gz' if packed else ''}").write_bytes(gzip.compress(whole) if packed else whole)
            monkeypatch.setenv("HELPERS_DATA", str(folder))
            monkeypatch.setenv("HELPERS_CACHE", str(folder / "cache"))
            call = lambda: load_dataset("stanford_dogs", image_size=16, val_fraction=0.0, progress=False)  # noqa: E731
            tries(f"{archive} {how}", call, (archive, "stanford_dogs"), lambda data: len(data.test) == 2)
    count("archives of dogs", tries.done())


@pytest.mark.parametrize("member", ["Annotation/n01-dog_1/n01_0", "train_list.mat"])
def test_a_broken_list_or_annotation(member, tries, amount, count, monkeypatch):
    pack, rng = dogs(), random.Random(member)
    archive = "lists.tar" if member.endswith(".mat") else "annotation.tar"
    special = [
        b"",
        b"<a/>",
        b"\0" * 200,
        b'<?xml version="1.0" encoding="none"?><a/>',
        b"<!DOCTYPE a [<!ENTITY b 'c'>]><a/>",
    ]
    special += [annotation().replace(b"<xmin>2<", b"<xmin>%s<" % x) for x in (b"nan", b"-inf", b"1e999", b"", b"99")]
    special += [
        b"<a>" * 100_000,
        b'<?xml version="1.0" encoding="utf-16"?><a/>',
        annotation().decode().encode("utf-16"),
    ]
    for number in range(amount(20, 400)):
        how, data = broken.mutated(pack[archive][member], rng)
        data = special[number] if number < len(special) else data
        with tries.folder() as folder:
            own = folder / "stanford_dogs"
            own.mkdir()
            for name, members in pack.items():
                (own / name).write_bytes(tar(members | ({member: data} if name == archive else {})))
            monkeypatch.setenv("HELPERS_DATA", str(folder))
            monkeypatch.setenv("HELPERS_CACHE", str(folder / "cache"))
            call = lambda: load_dataset("stanford_dogs", image_size=16, val_fraction=0.0, progress=False)  # noqa: E731
            told = f"{how}: {data[:60]!r}"
            tries(told, call, (archive, member, "stanford_dogs", "images.tar"), lambda data: len(data.test) == 2)
    count("lists" if member.endswith(".mat") else "annotations", tries.done())


def tiny() -> dict[str, dict[str, bytes]]:
    """Two classes, two photographs of each in both training shards together, one in the test shard."""
    shards: dict[str, dict[str, bytes]] = {name: {} for name in (*TRAIN, *TEST)}
    for part, shard in enumerate(shards):
        for index in (0, 1):
            stem = f"{part}{index}"
            shards[shard] |= {f"{stem}.jpg": photograph(10 * part + index), f"{stem}.cls": str(index).encode()}
    return shards


TABLE = b"index\twnid\tis_dog\tname\n0\tn05\t0\tgoldfish\n1\tn01\t0\ttabby\n"


@pytest.mark.parametrize("file", [TRAIN[0], TEST[0], CLASSES])
def test_a_broken_shard_or_table_of_classes(file, tries, amount, count, monkeypatch):
    pack, rng = tiny(), random.Random(file)
    for number in range(amount(10, 250)):
        how, data = broken.mutated(TABLE, rng) if file == CLASSES else accident(pack, file, rng)
        with tries.folder() as folder:
            own = folder / "tiny_imagenet"
            own.mkdir()
            for name, members in pack.items():
                (own / name).write_bytes(gzip.compress(data if name == file else tar(members)))
            (own / CLASSES).write_bytes(data if file == CLASSES else TABLE)
            if file != CLASSES and number % 3 == 0:
                (own / file).write_bytes(broken.mutated(gzip.compress(tar(pack[file])), rng)[1])
            monkeypatch.setenv("HELPERS_DATA", str(folder))
            monkeypatch.setenv("HELPERS_CACHE", str(folder / "cache"))
            call = lambda: load_tiny_imagenet(image_size=16, progress=False)  # noqa: E731
            tries(f"{file} {how}", call, (file, "tiny_imagenet", ".jpg"), lambda data: len(data.test) > 0)
    count("shards and tables", tries.done())


def test_a_broken_archive_of_faces(tries, amount, count, monkeypatch):
    members = {
        f"att_faces/s{p}/{k}.pgm": photograph(10 * p + k, "PPM", "L", (23, 28)) for p in range(1, 7) for k in (1, 2)
    }
    pack, rng = {"faces": members}, random.Random(4)
    for _ in range(amount(20, 400)):
        how, data = accident(pack, "faces", rng)
        with tries.folder() as folder:
            (folder / "faces").mkdir()
            (folder / "faces" / "att_faces.tar.gz").write_bytes(data if rng.random() < 0.5 else gzip.compress(data))
            monkeypatch.setenv("HELPERS_DATA", str(folder))
            tries(how, lambda: load_orl_faces(image_size=16), ("att_faces.tar.gz",), lambda data: len(data.test) > 0)
    count("archives of faces", tries.done())


LINES = "Go.\tVa !\tCC-BY\nRun!\tCours !\tCC-BY\nI'm sure.\tJ'en suis sûr.\tCC-BY\n" * 5
PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)


def packed(text: bytes, packing: int, name: str = "fra.txt") -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", packing) as archive:
        archive.writestr(zipfile.ZipInfo(name), text, packing)
        archive.writestr(zipfile.ZipInfo("_about.txt"), b"made up", packing)
    return file.getvalue()


def test_a_broken_file_of_sentences(tries, amount, count, monkeypatch):
    rng = random.Random(5)
    for number in range(amount(30, 600)):
        packing = PACKINGS[number % 4]
        if number % 5 == 0:
            how, text = broken.mutated(LINES.encode(), rng)
            data = packed(text, packing, rng.choice(("fra.txt", "x/fra.txt", "../fra.txt", "fra2.txt")))
        else:
            how, data = broken.mutated(packed(LINES.encode(), packing), rng)
        with tries.folder() as folder:
            (folder / "fra_eng").mkdir()
            (folder / "fra_eng" / "fra-eng.zip").write_bytes(data)
            monkeypatch.setenv("HELPERS_DATA", str(folder))
            tries(f"{how} {packing}", load_fra_eng, ("fra-eng.zip",), lambda found: isinstance(found[0], list))
    count("zip files of sentences", tries.done())
