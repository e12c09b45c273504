"""The leak audit: an estimate from names and its error; the names are in the package."""

import gzip
import json

import numpy as np
import pytest

from helpers.measure.leakage import IMAGENET_TRAIN_IMAGES, NAMES, audit_leak, implied_share


def test_implied_share_and_its_error_by_hand():
    names = {f"n00000001_{i}" for i in range(100)}
    listed = {f"n00000001_{i}" for i in range(80, 180)}  # 20 of 100
    audit = implied_share(names, listed, list_share=0.25)
    assert (audit.n_names, audit.n_found) == (100, 20)
    assert audit.implied_share == pytest.approx(0.8)
    assert audit.standard_error == pytest.approx(0.04 / 0.25)  # sqrt(0.2 * 0.8 / 100) = 0.04


def test_estimate_recovers_a_known_share():
    """Of 4,000 test names 60 % were trained on; lists of a tenth are drawn again and again."""
    rng = np.random.default_rng(0)
    trained = np.array([f"n00000001_{i}" for i in range(20_000)])
    names = {*trained[:2400], *(f"n00000002_{i}" for i in range(1600))}
    shares = [implied_share(names, {*rng.choice(trained, 2000, replace=False)}, 0.1) for _ in range(60)]
    estimates = np.array([audit.implied_share for audit in shares])
    assert estimates.mean() == pytest.approx(0.6, abs=0.02)
    assert shares[0].standard_error == pytest.approx(estimates.std(ddof=1), rel=0.3)


@pytest.mark.parametrize(("names", "share"), [(set(), 0.1), ({"a"}, 0), ({"a"}, 1.5)])
def test_audit_without_names_or_with_an_impossible_share_is_refused(names, share):
    with pytest.raises(ValueError, match="list_share"):
        implied_share(names, {"a"}, share)


@pytest.fixture
def packed():
    return json.loads(gzip.decompress(NAMES.read_bytes()))


def test_the_packed_names_are_of_120_classes_and_the_tenth_is_a_tenth(packed):
    official, tenth = packed["official_test"], packed["published_tenth_of_the_dogs"]
    assert len(official) == 120
    assert official.keys() == tenth.keys()
    assert sum(map(len, official.values())) == 8580
    assert {len(numbers) for numbers in tenth.values()} == {128, 129}  # as every class of the published list
    assert packed["names_in_the_published_tenth"] / IMAGENET_TRAIN_IMAGES == pytest.approx(0.1, abs=1e-5)


def test_the_whole_official_test_list_was_trained_on():
    audit = audit_leak()
    assert (audit.n_found, audit.n_names, audit.names) == (886, 8580, "official")
    assert audit.implied_share == pytest.approx(1.03, abs=0.005)
    assert audit.standard_error == pytest.approx(0.033, abs=0.001)
    assert audit.low == pytest.approx(audit.implied_share - 1.96 * audit.standard_error, abs=0.002)
    assert audit.high == pytest.approx(audit.implied_share + 1.96 * audit.standard_error, abs=0.002)


def test_folders_and_suffixes_do_not_matter(packed):
    wnid = "n02085620"
    inside, other = packed["published_tenth_of_the_dogs"][wnid][0], 10**6
    names = [f"{wnid}-Chihuahua/{wnid}_{inside}.jpg", f"{wnid}_{inside}.JPEG", f"{wnid}_{other}"]
    audit = audit_leak(names)
    assert (audit.n_names, audit.n_found, audit.names) == (2, 1, "given")
    assert audit.implied_share == pytest.approx(0.5 / audit.list_share)


@pytest.mark.parametrize("names", [["test/curly_low/00001", "n02085620"], ["n02123045/n02123045_1.JPEG"], []])
def test_without_names_of_dogs_the_official_list_is_audited_and_said(names):
    """A cat's name is ImageNet's too, but of a class that the packed names do not hold: found 0 would be no finding."""
    assert audit_leak(names) == audit_leak()


def test_none_or_all_found_still_leaves_an_interval():
    names = {(f"n{k:08d}", 1) for k in range(30)}
    none, all_of_them = implied_share(names, set(), 0.1), implied_share(names, names, 0.1)
    assert none.low == pytest.approx(0, abs=1e-12)
    assert none.high == pytest.approx(1.96**2 / (30 + 1.96**2) / 0.1, rel=1e-3)  # Wilson's at 0 of n: z² / (n + z²)
    assert all_of_them.low < all_of_them.implied_share == pytest.approx(10)
