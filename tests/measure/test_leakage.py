"""The leak audit: an estimate from names, its error, and a reason where there is none."""

import gzip
import os

import numpy as np
import pytest

from helpers.data.registry import REGISTRY
from helpers.measure.leakage import IMAGENET_TRAIN_IMAGES, audit_leak, implied_share


@pytest.fixture
def no_network(monkeypatch, tmp_path):
    """Neither lists nor a way to get them."""
    monkeypatch.setenv("HELPERS_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("HELPERS_DATA", raising=False)
    asked = []

    def refuse(self, url, *arguments, **options):
        import requests

        asked.append(url)
        raise requests.ConnectionError("no network")

    monkeypatch.setattr("pooch.HTTPDownloader.__call__", refuse)
    monkeypatch.setattr("pooch.core.time.sleep", lambda seconds: pytest.fail("waited for a retry"))
    return asked


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


def test_names_that_are_not_imagenets_need_no_lists(no_network):
    audit = audit_leak(["test/curly_low/00001", "n02085620"])
    assert "ImageNet names" in audit.reason
    assert audit.implied_share is None
    assert no_network == []


def test_absent_lists_skip_the_audit_at_once_with_a_reason(no_network):
    audit = audit_leak(["n02085620-Chihuahua/n02085620_10074.jpg"])
    assert "HELPERS_DATA" in audit.reason
    assert audit.implied_share is None
    assert len(no_network) == 1
    assert "HELPERS_DATA" in audit_leak().reason


def test_folders_and_suffixes_do_not_matter(monkeypatch, tmp_path):
    (tmp_path / "leak").mkdir()
    lines = b"n02085620_1.JPEG\nn02085620_2.JPEG\n"
    (tmp_path / "leak" / "simclr_10percent.txt.gz").write_bytes(gzip.compress(lines))
    monkeypatch.setenv("HELPERS_DATA", str(tmp_path))
    audit = audit_leak(["n02085620-Chihuahua/n02085620_1.jpg", "n02085620_3", "n02085620_2.JPEG"])
    assert (audit.n_names, audit.n_found, audit.list_share) == (3, 2, 2 / IMAGENET_TRAIN_IMAGES)


@pytest.mark.skipif(
    not any(os.path.isdir(os.path.join(f, "leak")) for f in os.environ.get("HELPERS_DATA", "").split(os.pathsep)),
    reason="HELPERS_DATA names no folder with the leak lists",
)
def test_the_whole_official_test_list_was_trained_on():
    audit = audit_leak()
    assert (audit.n_found, audit.n_names) == (886, 8580)
    assert audit.implied_share == pytest.approx(1.03, abs=0.005)
    assert audit.standard_error == pytest.approx(0.033, abs=0.001)
    assert REGISTRY["leak"].file("simclr_10percent.txt").sha256_gz is not None
