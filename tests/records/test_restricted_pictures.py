"""No photograph of restricted data in a recorded notebook: each picture in one, inside SVG too, was looked at.

A cell whose tag is `chart` promises to draw numbers alone, and recording believes it. So what it drew is found here by
its bytes: a picture that is not among these fails the test until somebody has opened it and written down what it is.
"""

import base64
import hashlib
import json
import re
from pathlib import Path

import pytest

RESULTS = Path(__file__).parents[2] / "results"
RASTER = re.compile(r"data:image/[\w.+-]+;base64,([A-Za-z0-9+/=\s]+)")
LOOKED_AT = {  # the recording -> how many pictures, what they are, and the start of the digest of all of them
    "cpu/08_xception_vs_vit.dogs12000": (4, "charts", "6f8496c73fc13814"),
    "cpu/08_xception_vs_vit.dogs2400.released": (5, "charts", "81a0ed334949a27d"),
    "cpu/13_faces.orl": (10, "one drawn person, hidden and far away", "9520fac8e3306987"),
    "cpu/15_distillation.tiny40": (1, "the colours of a matrix of numbers", "0ce96638ee9b4af9"),
}


def pictures(notebook):
    """The bytes of every raster in the outputs, on their own or inside a text."""
    found = []
    for cell in notebook["cells"]:
        for output in cell.get("outputs", ()):
            for kind, value in output.get("data", {}).items():
                text = "".join(value) if isinstance(value, list) else str(value)
                whole = kind.startswith("image/") and kind != "image/svg+xml"
                found += [base64.b64decode(one) for one in ([text] if whole else RASTER.findall(text))]
    return found


def restricted():
    for path in sorted(RESULTS.rglob("*.json")):
        record = json.loads(path.read_text(encoding="utf-8"))
        data = record.get("data") if isinstance(record, dict) else None
        notebook = path.with_suffix(".ipynb")
        if data and data.get("terms") == "restricted" and notebook.exists():
            yield str(path.relative_to(RESULTS).with_suffix("")), notebook


RECORDED = dict(restricted())


@pytest.mark.parametrize("name", RECORDED)
def test_every_picture_in_a_notebook_of_restricted_data_was_looked_at(name):
    found = pictures(json.loads(RECORDED[name].read_text(encoding="utf-8")))
    count, _, digest = LOOKED_AT.get(name, (0, "", hashlib.sha256(b"").hexdigest()[:16]))
    assert (len(found), hashlib.sha256(b"".join(found)).hexdigest()[:16]) == (count, digest)


def test_those_looked_at_are_there():
    assert set(LOOKED_AT) <= set(RECORDED)


def test_a_picture_is_found_wherever_it_hides():
    svg = '<svg><image xlink:href="data:image/jpeg;base64,\nAAEC\n"/></svg>'
    outputs = [{"data": {"image/svg+xml": [svg]}}, {"data": {"image/png": "AwQ="}}, {"data": {"text/html": svg}}]
    found = pictures({"cells": [{"outputs": outputs}]})
    assert found == [b"\x00\x01\x02", b"\x03\x04", b"\x00\x01\x02"]
