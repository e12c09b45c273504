"""What the pages are freed of: style rules that nothing can use, spans that change nothing."""

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "_ext"))
from lean import _kept, plain_code  # noqa: E402


@pytest.mark.parametrize(
    ("css", "kept"),
    [
        (".used{color:red}", ".used{color:red}"),
        (".unused{color:red}", ""),
        (".used .unused,.used>a{x:1}", ".used>a{x:1}"),
        (".used:not(.unused){x:1}", ".used:not(.unused){x:1}"),
        (":is(.used,.unused) p{x:1}", ":is(.used,.unused) p{x:1}"),
        ("a,b{x:1}", "a,b{x:1}"),
        ("@media print{.unused{x:1}.used{x:2}}", "@media print{.used{x:2}}"),
        ("@media print{.unused{x:1}}", ""),
        ('@font-face{font-family:"F";src:url(f.woff2)}', '@font-face{font-family:"F";src:url(f.woff2)}'),
        (":root{--a:1.5}", ":root{--a:1.5}"),
        (r".w-1\/2,.used{x:1}", ".used{x:1}"),
    ],
)
def test_a_rule_stays_where_its_classes_are_named(css, kept):
    assert _kept(css, {"used", "a", "b"}) == kept


def test_code_reads_the_same_without_plain_spans():
    html = '<pre><span></span><span class="n">x</span><span class="w"> </span><span class="p">(</span></pre>'
    plain = plain_code(html)
    assert plain == '<pre><span class="n">x</span> (</pre>'
    assert re.sub("<[^>]*>", "", plain) == re.sub("<[^>]*>", "", html)
