"""The ORL faces: nobody on both sides of a test, the same deal every time, and a missing or broken pack named."""

import numpy as np
import pytest

from helpers.data.archives import ArchiveError
from helpers.data.fetching import FetchError
from helpers.data.orl_faces import load_orl_faces
from helpers.data.registry import REGISTRY


def test_the_two_halves_share_nobody_and_change_sides(face_pack):
    face_pack(people=8, pictures=3)
    first, second = (load_orl_faces(image_size=16, half=half) for half in (0, 1))
    assert not set(first.train.labels) & set(first.test.labels)
    assert set(first.train.labels) == set(second.test.labels)
    assert len(first.train) == len(first.test) == 12
    assert first.test.images.shape == (12, 16, 16, 3)
    assert first.num_classes == 8
    assert first.fingerprint != second.fingerprint
    again, dealt = load_orl_faces(image_size=16), load_orl_faces(image_size=16, seed=1)
    assert again.fingerprint == first.fingerprint
    assert np.array_equal(again.test.images, first.test.images)
    assert set(dealt.test.labels) != set(first.test.labels)


def test_a_label_is_a_person_and_a_name_his_file(face_pack):
    face_pack(people=12, pictures=2)  # s10 comes after s9, not after s1
    data = load_orl_faces(image_size=16)
    for split in (data.train, data.test):
        for label, name in zip(split.labels, split.names, strict=True):
            assert name.startswith(f"s{label + 1}/")


def test_its_pictures_may_not_be_published(face_pack):
    face_pack()
    provenance = load_orl_faces(image_size=16).provenance
    assert provenance["terms"] == "restricted"
    assert provenance["local_variant"]  # not the registry's bytes
    assert "no picture of them goes into the course" in provenance["licence"]
    assert not REGISTRY["faces"].files[0].urls


def test_an_absent_pack_says_what_to_set(tmp_path, monkeypatch):
    monkeypatch.setenv("HELPERS_DATA", "")
    monkeypatch.setenv("HELPERS_CACHE", str(tmp_path))
    with pytest.raises(FetchError, match=r"set HELPERS_DATA to a folder that holds faces/att_faces\.tar\.gz"):
        load_orl_faces(image_size=16)


def test_a_broken_picture_and_a_pack_of_too_few_are_named(face_pack):
    face_pack(extra={"att_faces/s9/1.pgm": b"P5 92 112 255\n short"})
    with pytest.raises(ArchiveError, match=r"s9/1\.pgm.*get the archive again"):
        load_orl_faces(image_size=16)
    face_pack(people=5)
    with pytest.raises(ValueError, match=r"at least 6 people, two of each; got 5 people"):
        load_orl_faces(image_size=16)
    face_pack(pictures=1)
    with pytest.raises(ValueError, match=r"the fewest pictures of one: 1"):
        load_orl_faces(image_size=16)
    with pytest.raises(ValueError, match="half: expected 0 or 1, got 2"):
        load_orl_faces(image_size=16, half=2)
