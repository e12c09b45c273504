"""Light pages: the theme's style sheet without the rules that no page and no script can use, and code whose plain
characters carry no element of their own."""

import re
from pathlib import Path
from typing import Any

import tinycss2
from sphinx.application import Sphinx

CLASS = re.compile(r"\.((?:[\w-]|\\.)+)")
NAME = re.compile(r"[\w-]+")
PLAIN = re.compile(r'<span class="(?:p|w|nn)">([^<]*)</span>')  # punctuation, blanks, modules: the colour of text


def plain_code(html: str) -> str:
    """A page's HTML with highlighted code freed of spans that change nothing."""
    return PLAIN.sub(r"\1", html).replace("<pre><span></span>", "<pre>")


def drop_unused_rules(app: Sphinx, error: Exception | None) -> None:
    """Keep of the theme's style sheet the rules whose classes are named somewhere: in a page, or in a script."""
    if error is not None or app.builder.format != "html":
        return
    static = Path(app.outdir) / "_static"
    sheet = static / "styles" / "pydata-sphinx-theme.css"
    readers = [path for path in Path(app.outdir).rglob("*.html") if static not in path.parents]
    readers += [path for path in static.rglob("*.js") if "mathjax" not in path.parts and path.name != "fontawesome.js"]
    named: set[str] = set()
    for path in readers:
        named.update(NAME.findall(path.read_text(encoding="utf-8", errors="replace")))
    sheet.write_text(_kept(sheet.read_text(encoding="utf-8"), named), "utf-8")


def _kept(css: str, named: set[str]) -> str:
    """The style sheet without rules for classes outside `named`; a rule's selectors are judged one by one."""
    rules = tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True)
    return "".join(filter(None, (_rule(rule, named) for rule in rules)))


def _rule(rule: Any, named: set[str]) -> str:
    if rule.type == "qualified-rule":
        selectors = _split(tinycss2.serialize(rule.prelude))
        used = [one for one in selectors if _classes(one) <= named]
        return f"{','.join(used)}{{{tinycss2.serialize(rule.content)}}}" if used else ""
    if rule.type == "at-rule" and rule.lower_at_keyword in ("media", "supports", "layer") and rule.content is not None:
        inner = _kept(tinycss2.serialize(rule.content), named)
        return f"@{rule.at_keyword}{tinycss2.serialize(rule.prelude)}{{{inner}}}" if inner else ""
    return tinycss2.serialize([rule])


def _split(selectors: str) -> list[str]:
    """The selectors of a rule; commas inside parentheses, as in `:is(a, b)`, separate nothing."""
    parts, depth = [""], 0
    for character in selectors.strip():
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts]


def _classes(selector: str) -> set[str]:
    """The classes a selector asks for; those in parentheses, excluded or one of several, are not asked for."""
    while (shorter := re.sub(r"\([^()]*\)", "", selector)) != selector:
        selector = shorter
    return {name.replace("\\", "") for name in CLASS.findall(selector)}


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("build-finished", drop_unused_rules)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
