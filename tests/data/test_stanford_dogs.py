"""Stanford Dogs from its original archives, whole or broken; photographs are drawn here, real ones are not shipped."""

import io
import os
import tarfile
from pathlib import Path

import numpy as np
import pytest
import scipy.io
from PIL import Image

from helpers.data import load_dataset
from helpers.data.archives import ArchiveError, read_archive
from helpers.data.cache import BrokenImagesError
from helpers.data.decode import decode_image
from helpers.data.stanford_dogs import breed_name, first_box

CLASSES = ("n01-red_dog", "n02-green-dog", "n03-BlueDog")
COLOURS = ((220, 40, 40), (40, 220, 40), (40, 40, 220))
PER_CLASS = 6  # the first four train, the last two test


def photograph(label: int, seed: int = 0) -> bytes:
    """60 x 40 pixels: a square in the colour of the class, (10, 5) to (50, 35), on grey of its own shade."""
    image = Image.new("RGB", (60, 40), (100 + seed,) * 3)
    image.paste(COLOURS[label], (10, 5, 50, 35))
    file = io.BytesIO()
    image.save(file, "JPEG", quality=95)
    return file.getvalue()


def annotation(box: tuple[int, ...] = (10, 5, 50, 35)) -> bytes:
    left, top, right, bottom = box
    first = f"<xmin>{left}</xmin><ymin>{top}</ymin><xmax>{right}</xmax><ymax>{bottom}</ymax>"
    second = "<xmin>0</xmin><ymin>0</ymin><xmax>9</xmax><ymax>9</ymax>"
    objects = "".join(f"<object><name>dog</name><bndbox>{b}</bndbox></object>" for b in (first, second))
    return f"<annotation><folder>01</folder>{objects}</annotation>".encode()


def listing(entries: list[tuple[str, int]]) -> bytes:
    """A .mat file of cells, as Matlab writes it: every name in an array of its own."""
    cells = np.empty((len(entries), 1), dtype=object)
    for row, (name, _) in enumerate(entries):
        cells[row, 0] = np.array([name])
    file = io.BytesIO()
    labels = np.array([[label] for _, label in entries], dtype=np.uint8)
    scipy.io.savemat(file, {"file_list": cells, "labels": labels})
    return b"MATLAB 5.0 MAT-file".ljust(116) + file.getvalue()[116:]  # without the time: the same bytes every time


class Pack:
    """A small set in the original layout; tests change a part of it before `load` writes the archives."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "stanford_dogs"
        self.names = {k: [f"{c}/{c[:3]}_{i}.jpg" for i in range(PER_CLASS)] for k, c in enumerate(CLASSES)}
        self.images = {f"Images/{n}": photograph(k, i) for k in self.names for i, n in enumerate(self.names[k])}
        self.boxes = {f"Annotation/{n[:-4]}": annotation() for names in self.names.values() for n in names}
        self.train = [(n, k + 1) for k, names in self.names.items() for n in reversed(names[:4])]
        self.test = [(n, k + 1) for k, names in self.names.items() for n in names[4:]]
        self.evil: dict[str, list[tarfile.TarInfo]] = {}
        self.mode = "w"

    def write(self) -> None:
        self.folder.mkdir(exist_ok=True)
        lists = {"file_list.mat": listing(self.train + self.test)}
        lists |= {"train_list.mat": listing(self.train), "test_list.mat": listing(self.test)}
        contents = {"images": self.images, "annotation": self.boxes, "lists": lists}
        for name, files in contents.items():
            with tarfile.open(self.folder / f"{name}.tar", self.mode) as archive:
                for member, data in files.items():
                    info = tarfile.TarInfo(member)
                    info.size = len(data)
                    archive.addfile(info, io.BytesIO(data))
                for info in self.evil.get(f"{name}.tar", []):
                    archive.addfile(info)

    def load(self, **options):
        self.write()
        options = {"image_size": 16, "val_fraction": 0.25, "progress": False, **options}
        return load_dataset("stanford_dogs", **options)

    def caches(self) -> list[str]:
        cache = self.folder.parent / "cache"
        return [path.name for path in cache.rglob("*") if path.is_file() and path.suffix != ".lock"]


@pytest.fixture
def pack(tmp_path, monkeypatch):
    monkeypatch.setenv("HELPERS_DATA", str(tmp_path))
    monkeypatch.setenv("HELPERS_CACHE", str(tmp_path / "cache"))
    return Pack(tmp_path)


def shares_of_class_colour(split) -> np.ndarray:
    """Per image, the share of pixels in which the channel of its class dominates clearly."""
    others = np.sort(split.images, axis=3)[..., 1]
    own = np.stack([image[..., k] for image, k in zip(split.images, split.labels, strict=True)])
    return (own.astype(int) - others > 60).mean(axis=(1, 2))


def test_official_split_labels_and_names(pack):
    data = pack.load()
    assert data.class_names == ("Red dog", "Green-dog", "BlueDog")
    assert (len(data.train), len(data.val), len(data.test)) == (9, 3, 6)
    assert list(data.test.names) == [name for name, _ in pack.test]
    assert data.test.labels.tolist() == [label - 1 for _, label in pack.test]
    assert {*data.train.names} | {*data.val.names} == {name for name, _ in pack.train}
    assert not {*data.train.names} & {*data.val.names}
    assert sorted(data.val.labels.tolist()) == [0, 1, 2]
    assert isinstance(data.test.images, np.memmap)


def test_every_split_shows_the_image_of_its_label(pack):
    data = pack.load()
    for split in (data.train, data.val, data.test):
        assert shares_of_class_colour(split).min() > 0.9


def test_crop_to_the_first_box_or_the_whole_frame(pack):
    assert shares_of_class_colour(pack.load(crop="box").test).min() > 0.9
    whole = shares_of_class_colour(pack.load(crop=None).test)
    assert whole == pytest.approx(40 * 30 / (60 * 40), abs=0.12)


def test_whole_frame_needs_no_annotations(pack):
    pack.write()
    (pack.folder / "annotation.tar").unlink()
    data = load_dataset("stanford_dogs", image_size=16, val_fraction=0.25, crop=None, progress=False)
    assert {file["name"] for file in data.provenance["files"]} == {"images.tar", "lists.tar"}


def test_compressed_archives_give_the_same_pixels(pack):
    plain = pack.load()
    for file in pack.folder.iterdir():
        file.unlink()
    pack.mode = "w:gz"
    packed = pack.load()
    assert np.array_equal(plain.train.images, packed.train.images)
    assert plain.train.names == packed.train.names
    assert plain.fingerprint != packed.fingerprint


def test_validation_depends_on_the_seed_and_the_test_list_does_not(pack):
    splits = [pack.load(seed=seed) for seed in range(6)]
    assert len({data.val.names for data in splits}) > 1
    assert len({data.test.names for data in splits}) == 1
    assert len({data.fingerprint for data in splits}) == 6
    again = pack.load(seed=0)
    assert again.val.names == splits[0].val.names
    assert again.fingerprint == splits[0].fingerprint


def test_train_fraction_thins_train_alone(pack):
    whole, half = pack.load(), pack.load(train_fraction=0.5)
    assert {*half.train.names} < {*whole.train.names}
    assert np.bincount(half.train.labels).tolist() == [2, 2, 2]
    assert (half.val.names, half.test.names) == (whole.val.names, whole.test.names)


def test_record_names_the_local_variant_and_the_terms(pack):
    provenance = pack.load().provenance
    assert provenance["local_variant"] is True
    assert provenance["terms"] == "restricted"
    assert [file["local_variant"] for file in provenance["files"]] == [True] * 3
    assert all(len(file["sha256"]) == 64 for file in provenance["files"])
    assert "ImageNet" in provenance["licence"]
    assert provenance["skipped"] == 0


@pytest.mark.parametrize("archive", ["images.tar", "annotation.tar", "lists.tar"])
@pytest.mark.parametrize(
    ("name", "kind"), [("../x", tarfile.REGTYPE), ("/x", tarfile.REGTYPE), ("Images/x", tarfile.SYMTYPE)]
)
def test_evil_member_of_any_archive_fails_before_a_cache_stands(pack, archive, name, kind):
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, "/etc/passwd"
    pack.evil[archive] = [member]
    with pytest.raises(ArchiveError, match=archive.replace(".", r"\.")) as caught:
        pack.load()
    assert [refused for refused, _ in caught.value.members] == [name]
    assert pack.caches() == []


@pytest.mark.parametrize("archive", ["images.tar", "annotation.tar", "lists.tar"])
def test_archive_cut_short_fails_before_a_cache_stands(pack, archive):
    pack.write()
    path = pack.folder / archive
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(ArchiveError, match=archive.replace(".", r"\.")):
        load_dataset("stanford_dogs", image_size=16, progress=False)
    assert pack.caches() == []


def rot(pack) -> list[str]:
    """A truncated JPEG, a text, and a rotten member that no list names."""
    rotten = [f"Images/{pack.names[0][0]}", f"Images/{pack.names[1][5]}", "Images/n01-red_dog/unlisted.jpg"]
    pack.images[rotten[0]] = pack.images[rotten[0]][:400]
    pack.images[rotten[1]] = b"a text that was named .jpg"
    pack.images[rotten[2]] = b""
    return rotten


def test_all_rotten_images_are_named_with_their_archive_even_unlisted(pack):
    rotten = rot(pack)
    with pytest.raises(BrokenImagesError, match="skip") as caught:
        pack.load()
    assert sorted(name for name, _ in caught.value.broken) == sorted(f"images.tar: {name}" for name in rotten)
    assert pack.caches() == []


def test_rotten_images_can_be_skipped_and_are_counted(pack):
    rot(pack)
    data = pack.load(on_broken="skip")
    assert data.provenance["skipped"] == 3
    assert (len(data.train) + len(data.val), len(data.test)) == (11, 5)
    assert pack.names[0][0] not in data.train.names + data.val.names
    assert pack.names[1][5] not in data.test.names
    for split in (data.train, data.val, data.test):
        assert shares_of_class_colour(split).min() > 0.9


def test_class_that_lost_all_images_is_an_error(pack):
    for name in pack.names[2][4:]:
        pack.images[f"Images/{name}"] = b"rotten"
    with pytest.raises(
        ValueError, match=r"test images per class, got BlueDog \(0 of 2: 2 cannot be decoded and were skipped"
    ):
        pack.load(on_broken="skip")


def test_list_that_names_absent_images_names_them_all(pack):
    absent = [pack.names[0][1], pack.names[2][5]]
    for name in absent:
        del pack.images[f"Images/{name}"]
    with pytest.raises(ArchiveError, match=r"absent from images\.tar") as caught:
        pack.load()
    assert {name for name, _ in caught.value.members} == set(absent)
    assert pack.caches() == []


def test_class_folder_without_an_image_is_an_error(pack):
    folder = tarfile.TarInfo("Images/n04-ghost")
    folder.type = tarfile.DIRTYPE
    pack.evil["images.tar"] = [folder]
    with pytest.raises(ArchiveError, match="no image") as caught:
        pack.load()
    assert [name for name, _ in caught.value.members] == ["Images/n04-ghost"]


def test_class_without_a_listed_image_is_an_error(pack):
    pack.train = [(name, 4 if label == 3 else label) for name, label in pack.train]
    pack.test = [(name, 4 if label == 3 else label) for name, label in pack.test]
    with pytest.raises(ArchiveError, match=r"labels 1\.\.K"):
        pack.load()


def test_class_with_no_test_image_is_an_error(pack):
    pack.test = [(name, label) for name, label in pack.test if label != 2]
    with pytest.raises(ValueError, match=r"test images per class, got Green-dog \(0\)"):
        pack.load()


def test_one_folder_under_two_labels_is_an_error(pack):
    pack.test[0] = (pack.test[0][0], 2)
    with pytest.raises(ArchiveError, match="one folder each"):
        pack.load()


def test_image_in_train_and_test_is_an_error(pack):
    pack.test.append(pack.train[0])
    with pytest.raises(ArchiveError, match="listed twice") as caught:
        pack.load()
    assert [name for name, _ in caught.value.members] == [pack.train[0][0]]


def test_broken_or_absent_list_is_named(pack, monkeypatch):
    pack.train = []
    monkeypatch.setitem(globals(), "listing", lambda entries: b"no Matlab file")
    with pytest.raises(ArchiveError, match=r"file_list\.mat.*cannot be read"):
        pack.load()
    with tarfile.open(pack.folder / "lists.tar", "w"):
        pass
    with pytest.raises(ArchiveError, match=r"train_list\.mat(.|\n)*test_list\.mat"):
        load_dataset("stanford_dogs", image_size=16, progress=False)


def test_broken_annotations_are_all_named(pack):
    first, second, third = list(pack.boxes)[:3]
    pack.boxes[first] = b"<annotation>"
    pack.boxes[second] = b"<annotation><object></object></annotation>"
    del pack.boxes[third]
    with pytest.raises(ArchiveError, match="no box") as caught:
        pack.load()
    assert [name for name, _ in caught.value.members] == [first, second, third]


BOMB = b'<!DOCTYPE a [<!ENTITY x "lol"><!ENTITY y "&x;&x;">]><annotation><folder>&y;</folder></annotation>'


@pytest.mark.parametrize(
    ("xml", "reason"),
    [
        (BOMB, "document type"),
        (BOMB.decode().encode("utf-16"), "document type"),
        (b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><annotation/>', "document type"),
        (annotation((30, 5, 30, 35)), "left < right"),
        (annotation().replace(b"<xmin>10", b"<xmin>ten"), "ten"),
        (b"<annotation/>", "no box"),
    ],
)
def test_annotation_that_is_no_box_is_refused(xml, reason):
    with pytest.raises(ValueError, match=reason):
        first_box(xml)


def test_first_box_of_several():
    assert first_box(annotation((3, 4, 20, 30))) == (3, 4, 20, 30)


@pytest.mark.parametrize(
    ("folder", "printed"),
    [
        ("n02085620-Chihuahua", "Chihuahua"),
        ("n02097474-Tibetan_terrier", "Tibetan terrier"),
        ("n02086240-Shih-Tzu", "Shih-Tzu"),
        ("n02089078-black-and-tan_coonhound", "Black-and-tan coonhound"),
        ("n02108000-EntleBucher", "EntleBucher"),
        ("n02110958-pug", "Pug"),
    ],
)
def test_breed_names_are_fit_to_print(folder, printed):
    assert breed_name(folder) == printed


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"crop": "square"}, "crop: expected 'box' or None, got 'square'"),
        ({"on_broken": "ignore"}, "on_broken"),
        ({"image_size": 0}, "image_size"),
        ({"val_fraction": 1.0}, "val_fraction"),
        ({"train_fraction": 0.0}, "train_fraction"),
        ({"difficulty": 0.5}, "takes no option difficulty"),
    ],
)
def test_wrong_options_are_refused_before_any_work(monkeypatch, options, reason):
    monkeypatch.setattr("helpers.data.stanford_dogs.fetch", lambda *a, **k: pytest.fail("worked"), raising=True)
    with pytest.raises(ValueError, match=reason):
        load_dataset("stanford_dogs", **{"image_size": 16, **options})


def test_unknown_dataset_names_the_choices():
    with pytest.raises(ValueError, match=r"breeds, stanford_dogs, folders, got 'cats'"):
        load_dataset("cats", image_size=16)


def real_pack(file: str) -> str | None:
    """The folder of HELPERS_DATA that holds a real pack with this file."""
    folders = os.environ.get("HELPERS_DATA", "").split(os.pathsep)
    return next((f for f in folders if f and (Path(f) / "stanford_dogs" / file).is_file()), None)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "counts"), [("images.tar", (2160, 240, 1200)), ("images.tar.gz", (10800, 1200, 8100))]
)
def test_real_photographs_load(file, counts, tmp_path, monkeypatch):
    """The small pack of real photographs, and the one with all of train at 96 px."""
    folder = real_pack(file)
    if folder is None:
        pytest.skip(f"no folder in HELPERS_DATA holds stanford_dogs/{file}")
    if (Path(folder) / "stanford_dogs" / file).stat().st_size > 100e6:
        pytest.skip("this is the full set, not a pack")
    monkeypatch.setenv("HELPERS_DATA", folder)
    monkeypatch.setenv("HELPERS_CACHE", str(tmp_path))
    data = load_dataset("stanford_dogs", image_size=32, progress=False)
    assert (len(data.train), len(data.val), len(data.test)) == counts
    assert data.num_classes == 120
    assert data.class_names[:2] == ("Chihuahua", "Japanese spaniel")
    assert all(name.startswith("n02085620-Chihuahua/") for name in data.test.names[: counts[2] // 240])
    assert np.bincount(data.val.labels).tolist() == [counts[1] // 120] * 120
    assert data.provenance["local_variant"] is True


def test_box_of_a_real_photograph_gives_the_known_crop():
    """Full frames cut by our code against the crops of the pack, made by others from the same boxes."""
    small = real_pack("fullsize/annotation.tar")
    if small is None or real_pack("images.tar.gz") is None:
        pytest.skip("needs both real packs in HELPERS_DATA: the full-size photographs and all of train at 96 px")
    full = Path(small) / "stanford_dogs" / "fullsize"
    boxes = {name.removeprefix("Annotation/"): first_box(xml) for name, xml in read_archive(full / "annotation.tar")}
    frames = dict(read_archive(full / "images.tar"))
    cropped, whole = [], []
    for name, data in read_archive(Path(real_pack("images.tar.gz")) / "stanford_dogs" / "images.tar.gz"):
        box = boxes.get(name.removeprefix("Images/").removesuffix(".jpg"))
        if box is None:
            continue
        known = decode_image(data, 96).astype(int)
        cropped.append(np.abs(decode_image(frames[name], 96, box) - known).mean())
        whole.append(np.abs(decode_image(frames[name], 96) - known).mean())
    assert len(cropped) > 15
    assert max(cropped) < 10  # grey levels
    assert np.median(whole) > 3 * np.median(cropped)
