"""Which pages run again: jupyter-cache looks at a page's cells only, so each page gets a cache of its own, whose name
is a hash of what its cells depend on besides themselves.

- the modules of the package that they import, these modules' own imports (also those inside functions), and the data
  that lie beside them: an explorer's JavaScript, fingerprints of answers, weights;
- the records, and tables beside the chapters, that a cell, a module or a table names: `read_record("07_fields", …)`;
- the exercises of a page that its cells name, and a lab's notebook where they say "labs" and name it.

A name is enough: where one is mentioned and not read, the page runs once too often, never once too seldom.
"""

import ast
import dataclasses
import hashlib
import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from myst_nb.core.execute import NotebookClientCache
from sphinx.application import Sphinx

PACKAGE = "helpers"
CELL = re.compile(
    r"^(`{3,})\{code-cell\}[^\n]*\n(?:---\n.*?^---\n|(?::[\w-]+:[^\n]*\n)*)(.*?)^\1\s*$", re.DOTALL | re.MULTILINE
)
TABLES = {"results": "*.json", "chapters": "*.yml"}
CODE = (".py", ".pyc", ".toml")  # what is no data of a module


def code_of(page: Path) -> str:
    """The code of a page's cells, one text; empty for a page without cells."""
    return "\n".join(match[2] for match in CELL.finditer(page.read_text(encoding="utf-8")))


class Package:
    """The modules under `source`, and what each imports of the others."""

    def __init__(self, source: Path) -> None:
        self.files: dict[str, Path] = {}
        for path in sorted((source / PACKAGE).rglob("*.py")):
            self.files[".".join(path.relative_to(source).with_suffix("").parts).removesuffix(".__init__")] = path
        self._imports = {name: self.imported(path.read_text(encoding="utf-8")) for name, path in self.files.items()}

    def imported(self, code: str) -> set[str]:
        """The modules that a code imports by name, with the packages around them."""
        names: set[str] = set()
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        around = {
            ".".join(parts[:end]) for name in names for parts in [name.split(".")] for end in range(1, len(parts))
        }
        return {name for name in names | around if name in self.files}

    def reached(self, code: str) -> set[str]:
        """The modules that a code imports, and all that these import in turn."""
        found: set[str] = set()
        waiting = self.imported(code)
        while waiting:
            found |= waiting
            waiting = set().union(*(self._imports[name] for name in waiting)) - found
        return found

    def files_of(self, modules: Iterable[str]) -> set[Path]:
        """The files of modules, and the data that lie beside them."""
        own = {self.files[name] for name in modules}
        inside = {folder for path in own for folder in (path.parent, *_data_folders(path.parent))}
        beside = {path for folder in inside for path in folder.iterdir() if path.is_file() and path.suffix not in CODE}
        return own | beside


def _data_folders(folder: Path) -> list[Path]:
    """Folders below one that hold data and no module, as `models/weights/` does."""
    inner = [path for path in folder.iterdir() if path.is_dir() and path.name != "__pycache__"]
    return [path for path in inner if not any(path.rglob("*.py"))]


def dependencies(root: Path, page: Path, package: Package) -> set[Path]:
    """The files that a page's output depends on, besides the page itself."""
    code = code_of(page)
    found = package.files_of(package.reached(code))
    tables = {path for folder, pattern in TABLES.items() for path in (root / folder).rglob(pattern)}
    by_cells = set((root / "src" / PACKAGE / "pages").glob("*/answers.yml"))  # check("c09-causal", …)
    if '"labs"' in code:
        by_cells |= set((root / "labs").glob("*.ipynb"))
    found |= {path for path in by_cells if _is_named(path, code)}
    texts = [code, *(path.read_text(encoding="utf-8") for path in found if path.suffix in (".py", ".yml"))]
    while texts:
        text = "\n".join(texts)
        named = {path for path in tables - found if _is_named(path, text)}
        found |= named
        texts = [path.read_text(encoding="utf-8") for path in named if path.suffix == ".yml"]
    return found


def _is_named(path: Path, text: str) -> bool:
    """Whether a text names a table: one of several in a folder of their own by the folder, a record by its lab."""
    shared = path.parent.name in ("cpu", "gpu", "labs", "chapters")
    name = path.name.split(".")[0] if shared else path.parent.name
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) is not None


def cache_name(root: Path, page: Path, package: Package) -> str:
    """The name of a page's cache: its own name, and a hash of what it depends on."""
    digest = hashlib.sha256()
    for path in sorted(dependencies(root, page, package)):
        digest.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes() + b"\0")
    return f"{page.stem}-{digest.hexdigest()[:16]}"


def prepare(app: Sphinx, env: Any, added: set[str], changed: set[str], removed: set[str]) -> list[str]:
    """Give each page with cells its cache, remove caches that no page has any more, and return the pages to read."""
    root = Path(app.srcdir)
    package = Package(root / "src")
    pages = {name: Path(env.doc2path(name)) for name in env.found_docs}
    names = {
        name: cache_name(root, page, package) for name, page in pages.items() if page.suffix == ".md" and code_of(page)
    }
    caches = root / "_build" / "execution_cache"
    for old in caches.glob("*"):
        if old.name not in names.values():
            shutil.rmtree(old)
    _give_caches({str(pages[name]): str(caches / cache) for name, cache in names.items()})
    then, env.course_caches = getattr(env, "course_caches", {}), names
    return [name for name, cache in names.items() if then.get(name) != cache]


def _give_caches(caches: dict[str, str]) -> None:
    """Let MyST-NB, which knows one cache for all pages, take a page's own."""

    def start(self: NotebookClientCache) -> None:
        if cache := caches.get(str(self.path)):  # a page without cells has none, and runs nothing
            self._nb_config = dataclasses.replace(self.nb_config, execution_cache_path=cache)
        _start(self)

    NotebookClientCache.start_client = start  # type: ignore[method-assign]


_start = NotebookClientCache.start_client


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("env-get-outdated", prepare)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
