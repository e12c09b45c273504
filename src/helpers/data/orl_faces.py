"""The ORL faces: 40 people, ten grey photographs of each, and never one person on both sides of a test.

F. Samaria, A. Harter: "Parameterisation of a stochastic model for human face identification", 2nd IEEE Workshop on
Applications of Computer Vision, 1994. One archive, `att_faces/s<person>/<picture>.pgm`, 92 x 112 pixels. These are
people one can recognise: no picture of them is shown or kept by the course, only numbers made from them.
"""

import hashlib
import json
import re
from pathlib import Path

import numpy as np

from helpers.data.archives import ArchiveError, check_archive, read_archive
from helpers.data.base import Dataset, Split, take
from helpers.data.decode import RULE, decode_image
from helpers.data.fetching import fetch
from helpers.data.registry import REGISTRY, RemoteFile, Source

SET, FILE = "faces", "att_faces.tar.gz"
# The files of a public copy, re-saved by its maker; each of the 400 was compared with an independent smaller copy. No
# address is known for these very bytes. Entered from here, so that no recorded run that never saw a face turns stale.
REGISTRY[SET] = Source(
    name=SET,
    files=(RemoteFile(FILE, 3_707_892, "c0a069763050f2accb5f3c9d7f791666fca708d8dbf6d47a9544a458a755deda"),),
    licence=(
        "No licence is stated; the set's README asks for credit to Olivetti Research Laboratory. People one can "
        "recognise: teaching and research only, and no picture of them goes into the course."
    ),
    citation=(
        "F. Samaria, A. Harter: Parameterisation of a stochastic model for human face identification. 2nd IEEE "
        "Workshop on Applications of Computer Vision, 1994."
    ),
    citation_key="samaria1994parameterisation",
    homepage="http://www.uk.research.att.com/facedatabase.html",
)
MEMBER = re.compile(r"(?:.*/)?s(\d+)/(\d+)\.pgm")
LEAST_PEOPLE = 6  # three on each side: fewer have no interval


def load_orl_faces(*, image_size: int, half: int = 0, seed: int = 0) -> Dataset:
    """Half of the people to learn from as `train`, the other half as `test`; labels are people, 0..P-1, in both.

    Parameters
    ----------
    image_size
        S in pixels; the frame is squashed to a square, as everywhere in the course.
    half
        Which half is tested, 0 or 1.
    seed
        Deals the people to the halves.

    Raises
    ------
    FetchError
        Where the archive is nowhere; the message says what to set.
    ArchiveError
        (A ValueError) for an archive that is broken, or holds a picture that cannot be decoded.
    ValueError
        For another half, an archive of fewer than six people, or a person with fewer than two pictures.
    """
    if half not in (0, 1):
        raise ValueError(f"half: expected 0 or 1, got {half}")
    found = fetch(SET, FILE)
    everybody = _read(found.path, image_size)
    people = np.unique(everybody.labels)
    dealt = np.random.default_rng(seed).permutation(people)
    halves = dealt[: len(people) // 2], dealt[len(people) // 2 :]
    tested = np.isin(everybody.labels, halves[half])
    key = {"file": found.sha256, "size": image_size, "half": half, "seed": seed, "rule": RULE}
    source = REGISTRY[SET]
    return Dataset(
        name="orl_faces",
        class_names=tuple(f"person {k + 1}" for k in people),
        train=take(everybody, np.flatnonzero(~tested)),
        val=take(everybody, np.empty(0, dtype=np.int64)),
        test=take(everybody, np.flatnonzero(tested)),
        image_size=image_size,
        fingerprint=hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest(),
        provenance={
            "source": source.homepage,
            "licence": source.licence,
            "citation": source.citation,
            "citation_key": source.citation_key,
            "files": [found.provenance()],
            "local_variant": found.local_variant,
            "skipped": 0,
            "terms": "restricted",
        },
    )


def _read(path: Path, size: int) -> Split:
    """All pictures, person after person, in the order of their numbers."""
    check_archive(path)
    pictures: dict[tuple[int, int], np.ndarray] = {}
    for name, data in read_archive(path):
        if (match := MEMBER.fullmatch(name)) is None:
            continue  # the set's own README
        try:
            pictures[int(match[1]), int(match[2])] = decode_image(data, size)
        except (OSError, ValueError) as error:
            remedy = "get the archive again, or take this picture out of it"
            raise ArchiveError(path, members=[(name, f"{error}; {remedy}")]) from error
    order = sorted(pictures)
    people, counts = np.unique([person for person, _ in order], return_counts=True)
    if len(people) < LEAST_PEOPLE or counts.min() < 2:
        told = f"{len(people)} people, the fewest pictures of one: {min(counts.tolist(), default=0)}"
        raise ValueError(
            f"{path}: expected s<person>/<picture>.pgm of at least {LEAST_PEOPLE} people, two of each; got {told}"
        )
    number = {person: k for k, person in enumerate(people.tolist())}
    return Split(
        images=np.stack([pictures[key] for key in order]),
        labels=np.array([number[person] for person, _ in order], dtype=np.int64),
        names=tuple(f"s{person}/{picture}.pgm" for person, picture in order),
    )
