"""Files that people write, copy and merge: YAML and JSON as Python's own values, or one error that names the file.

Whatever is wrong with a file, its reader learns which one it is, what was expected and what to do. Files are read as
the course writes them: a YAML file has each key once and no aliases, of which a few lines can grow without end.
"""

import functools
import json
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

SHOWN = 5  # reasons of one file
Model = TypeVar("Model", bound=BaseModel)


class FileError(ValueError):
    """A file that is not what it should be; the message names it, what was expected and the way out."""


def read_json(path: Path, remedy: str) -> Any:
    """What a JSON file holds.

    Parameters
    ----------
    remedy
        What to do with a broken one, as the end of a sentence.

    Raises
    ------
    FileError
        For what is no JSON, or no UTF-8.
    """
    try:
        return json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise FileError(f"{path} is no JSON file ({_first_line(error)}): {remedy}") from error


def read_yaml(path: Path, remedy: str) -> dict[str, Any]:
    """The names and values that a YAML file holds; none where it is empty.

    Raises
    ------
    FileError
        As `parse_yaml`; and for what is no UTF-8.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise FileError(f"{path} is no text in UTF-8 ({error}): {remedy}") from error
    return parse_yaml(text, str(path), remedy)


def parse_yaml(text: str, path: str, remedy: str) -> dict[str, Any]:
    """The names and values in a text of YAML; `path` says where it is from.

    Raises
    ------
    FileError
        For what is no YAML, has an alias or a name twice, or is no mapping of texts to values.
    """

    try:
        loader = _loader()(text)
        try:
            found = loader.get_single_data()
        finally:
            loader.dispose()
    except MemoryError:
        raise
    except Exception as error:  # yaml's own, and whatever Python's types say of a value with a tag
        raise FileError(f"{path} is no YAML file of the course ({_in_a_line(error)}): {remedy}") from error
    if found is None:
        return {}
    if not isinstance(found, dict) or not all(isinstance(name, str) for name in found):
        what = "names that are no texts" if isinstance(found, dict) else type(found).__name__
        raise FileError(f"{path}: expected lines such as `name: value`, got {what}: {remedy}")
    return found


def read_as(model: type[Model], path: Path, remedy: str) -> Model:
    """What a JSON file holds, validated.

    Raises
    ------
    FileError
        For what is no JSON, and for fields that are not what the model says, by name.
    """
    try:
        return model.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise FileError(f"{path} is no valid {model.__name__} ({reasons(error)}): {remedy}") from error


def reasons(error: ValidationError) -> str:
    """Which fields are not valid and why, the first few in a line."""
    told = [f"{'.'.join(map(str, one['loc'])) or 'all of it'}: {one['msg']}" for one in error.errors()]
    more = f"; and {len(told) - SHOWN} more" if len(told) > SHOWN else ""
    return "; ".join(told[:SHOWN]) + more


def _first_line(error: Exception) -> str:
    lines = str(error).splitlines()
    return lines[0] if lines else type(error).__name__


def _in_a_line(error: Exception) -> str:
    import yaml

    text = " ".join(str(error).split())[:300]
    return text if isinstance(error, yaml.YAMLError) else f"{type(error).__name__}: {text}"


@functools.cache
def _loader() -> type:
    """yaml's safe loader, without aliases, and with each key once."""
    import yaml

    class Plain(yaml.SafeLoader):
        def compose_node(self, parent: Any, index: Any) -> Any:
            if self.check_event(yaml.AliasEvent):
                mark = self.peek_event().start_mark
                raise yaml.composer.ComposerError(None, None, "an alias, *name: write it out", mark)
            return super().compose_node(parent, index)

        def construct_mapping(self, node: Any, deep: bool = False) -> Any:
            names = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
            if twice := sorted({name for name in names if names.count(name) > 1}):
                raise yaml.constructor.ConstructorError(None, None, f"given twice: {', '.join(twice)}", node.start_mark)
            return super().construct_mapping(node, deep)

    return Plain
