"""What every explorer owes its reader, which tests stay together, and which ones need a GPU."""

import io
import tarfile

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from PIL import Image

from helpers.widgets.base import MAX_BYTES


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """With `--dist loadgroup` the tests of one page of the book, else of one file, run on one worker: what they opened
    or read stays at hand."""
    for item in items:
        parameters = item.callspec.params if hasattr(item, "callspec") else {}
        page = parameters.get("page_path") or parameters.get("chapter") or item.path.stem
        item.add_marker(pytest.mark.xdist_group(str(page)))
    on_a_gpu = [item for item in items if item.get_closest_marker("cuda")]
    if on_a_gpu and not torch.cuda.is_available():
        for item in on_a_gpu:
            item.add_marker(pytest.mark.skip(reason="needs a CUDA GPU"))


@pytest.fixture(autouse=True)
def _close_figures():
    """No test finds a figure that another one on its worker left open."""
    yield
    plt.close("all")


@pytest.fixture
def light_with_a_still():
    """Asserts that an explorer fits its page, draws a still figure, and shows a picture with words where it is not
    run."""

    def check(explorer):
        assert explorer.weight() < MAX_BYTES
        figure = explorer.still()
        assert isinstance(figure, Figure)
        plt.close(figure)
        data, metadata = explorer._repr_mimebundle_()
        assert "application/vnd.jupyter.widget-view+json" in data
        assert len(data["image/png"]) > 1000
        assert metadata["alt"] == explorer.alt

    return check


@pytest.fixture
def face_pack(tmp_path, monkeypatch):
    """Puts a made-up pack of "faces" (noise, in the form of the ORL set) into HELPERS_DATA; returns what does it."""

    def write(people: int = 8, pictures: int = 4, extra: dict[str, bytes] | None = None) -> dict[str, np.ndarray]:
        rng, members, shown = np.random.default_rng(0), {"att_faces/README": b"made up"}, {}
        for person in range(1, people + 1):
            own = rng.integers(0, 256, (14, 12))
            for k in range(1, pictures + 1):
                pixels = np.clip(own + rng.integers(-30, 30, own.shape), 0, 255).astype(np.uint8)
                file, name = io.BytesIO(), f"att_faces/s{person}/{k}.pgm"
                Image.fromarray(pixels).resize((92, 112)).save(file, "PPM")
                members[name], shown[name] = file.getvalue(), pixels
        (tmp_path / "data" / "faces").mkdir(parents=True, exist_ok=True)
        with tarfile.open(tmp_path / "data" / "faces" / "att_faces.tar.gz", "w:gz") as archive:
            for name, data in (members | (extra or {})).items():
                member = tarfile.TarInfo(name)
                member.size = len(data)
                archive.addfile(member, io.BytesIO(data))
        monkeypatch.setenv("HELPERS_DATA", str(tmp_path / "data"))
        return shown

    return write
