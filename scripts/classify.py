"""Ask a model that lab 16 or lab 08 has kept what is on a photograph, or on every photograph of a folder.

make classify PICTURE=photo.jpg [MODEL=name]
make classify PICTURE=my_folder [MODEL=name]      # writes my_folder/predictions.csv
"""

import argparse
import csv
import io
import sys
from pathlib import Path

import numpy as np

from helpers.data.decode import RULE, read_picture
from helpers.data.foreign_files import left_behind
from helpers.data.layout import readable
from helpers.data.paths import existing
from helpers.measure.classify import COLUMNS, NOTE, Answers, classify, in_columns
from helpers.models.pretrained import saved
from helpers.records import build_folder, write_atomically

CSV = "predictions.csv"
CHUNK = 64  # pictures that are held at a time


def find_model(name: str | None) -> saved.SavedModel:
    """The model of that name, else the newest one.

    Raises
    ------
    FileNotFoundError
        If there is none; the message lists those that are there.
    ValueError
        If it is damaged, or its pictures were decoded by another rule than today's.
    """
    models = build_folder() / "models"
    folder = saved.newest(models) if name is None else models / name
    if not (folder / saved.CARD).is_file():
        there = ", ".join(sorted(path.parent.name for path in models.glob(f"*/{saved.CARD}"))) or "none"
        raise FileNotFoundError(f"no model {name!r} in {models}; there: {there}")
    found = saved.load(folder)
    if found.card["decoding"] != RULE:
        raise ValueError(
            f"{folder.name} learned from pictures decoded otherwise ({found.card['decoding']}): train again"
        )
    return found


def described(model: saved.SavedModel) -> str:
    """One line that names the model, what it is, and how good it was."""
    accuracy = model.card.get("accuracy")
    good = ""
    if accuracy and accuracy.get("low") is not None:
        share = [f"{100 * accuracy[end]:.1f}" for end in ("value", "low", "high")]
        good = f"; test accuracy {share[0]} % [{share[1]}, {share[2]}], n = {accuracy['n']}"
    kept = f", kept {model.card['date']}" if "date" in model.card else ""
    return f"model {model.folder.name}: {model.ready.name}, {len(model.class_names)} classes{kept}{good}"


def classify_picture(model: saved.SavedModel, path: Path) -> list[str]:
    """The three likeliest classes, a line each, and a word where the picture looks like none of them."""
    answers = classify(model, read_picture(path, model.ready.image_size)[None])
    lines = [f"{100 * share:5.1f} %  {model.class_names[label]}" for label, share in answers.best(0)]
    return lines + ([f"         {NOTE}: such pictures were not learned"] if answers.foreign[0] else [])


def classify_folder(model: saved.SavedModel, folder: Path) -> tuple[Path, int, int]:
    """Write predictions.csv into a folder: where it lies, how many pictures it names, how many cannot be read.

    Raises
    ------
    ValueError
        If the folder holds no file.
    OSError
        If it cannot be written to.
    """
    files = [path for path in sorted(folder.iterdir()) if path.is_file() and path.name != CSV]
    files = [path for path in files if left_behind(path.name) is None]
    if not files:
        raise ValueError(f"PICTURE: expected photographs in {folder}, found no file (folders in it are not entered)")
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["file", *COLUMNS])
    broken = 0
    for start in range(0, len(files), CHUNK):
        rows, images = [], []
        for path in files[start : start + CHUNK]:
            try:
                images.append(read_picture(path, model.ready.image_size))
                rows.append((path, ""))
            except ValueError as error:
                rows.append((path, str(error)))
                broken += 1
        answers = classify(model, np.stack(images)) if images else None
        writer.writerows(_rows(model, rows, answers))
    write_atomically(folder / CSV, table.getvalue())
    return folder / CSV, len(files) - broken, broken


def _rows(model: saved.SavedModel, rows: list[tuple[Path, str]], answers: Answers | None) -> list[list[str]]:
    found, at = [], 0
    for path, error in rows:
        if error or answers is None:
            found.append([readable(path.name), "", "", "", "", error])
            continue
        found.append([readable(path.name), *in_columns(answers, at, model.class_names)])
        at += 1
    return found


def main(arguments: list[str] | None = None) -> int:
    """Classify; 1 where that cannot be, with the reason on the error stream."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("picture", help="a photograph, or a folder of photographs")
    parser.add_argument("--model", help="name of a model in _build/models; the newest by default")
    options = parser.parse_args(arguments)
    try:
        path = existing(options.picture, "PICTURE")
        model = find_model(options.model)
        print(described(model))
        if path.is_dir():
            table, named, broken = classify_folder(model, path)
            print(
                f"{named} photographs named in {table}"
                + (f", {broken} cannot be read: see its notes" if broken else "")
            )
        else:
            print("\n".join(classify_picture(model, path)))
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except (MemoryError, RecursionError) as error:  # a picture of gigabytes; a card nested without end
        what = "there is not enough memory for it" if isinstance(error, MemoryError) else str(error)
        print(f"error: {options.picture}: {what}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
