"""Which files a data set is made of, how large they are, whose they are, and by which checksum we know them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class RemoteFile:
    """One file: its size, its checksum, and the places it can be downloaded from (none: only by HELPERS_DATA).

    Attributes
    ----------
    sha256_gz
        Checksum of the same file compressed, where a known copy is; it may lie in HELPERS_DATA as name.gz.
    """

    name: str
    bytes: int
    sha256: str
    urls: tuple[str, ...] = ()
    sha256_gz: str | None = None


@dataclass(frozen=True)
class Source:
    """One data set: its files, what may be done with them, and whom to cite (`citation_key` is in references.bib)."""

    name: str
    files: tuple[RemoteFile, ...]
    licence: str
    citation: str
    citation_key: str
    homepage: str

    def file(self, name: str) -> RemoteFile:
        """The file of that name.

        Raises
        ------
        ValueError
            With the choices, where there is none.
        """
        for file in self.files:
            if file.name == name:
                return file
        known = ", ".join(file.name for file in self.files)
        raise ValueError(f"{self.name}: expected one of the files {known}, got {name!r}")


_DOGS = "http://vision.stanford.edu/aditya86/ImageNetDogs/"

REGISTRY: dict[str, Source] = {
    # Sizes and sha256 as published by TensorFlow Datasets, tensorflow_datasets/url_checksums/stanford_dogs.txt
    # (github.com/tensorflow/datasets at 24211da0508a86f0a9efd82c69bab9d25cda0a20).
    "stanford_dogs": Source(
        name="stanford_dogs",
        files=(
            RemoteFile(
                "images.tar",
                793_579_520,
                "a443fc2f9a851aa1a7b8e4fa4af94b8459fce2c9f5a2f4dd4669cf9673a4ec58",
                (_DOGS + "images.tar",),
            ),
            RemoteFile(
                "annotation.tar",
                21_852_160,
                "662ed36f707be6b195c2fda392d8e153e83af28cedc8e2134a649f198def30fd",
                (_DOGS + "annotation.tar",),
            ),
            RemoteFile(
                "lists.tar",
                481_280,
                "34b47cacd9a98b5d150e084f24d29391c084c55272295ec65c85651bc35f4d6c",
                (_DOGS + "lists.tar",),
            ),
        ),
        licence=(
            "No licence is stated. The photographs come from ImageNet: non-commercial research and education only; "
            "the copyright of each stays with its photographer."
        ),
        citation=(
            "A. Khosla, N. Jayadevaprakash, B. Yao, L. Fei-Fei: Novel dataset for fine-grained image categorization: "
            "Stanford Dogs. First Workshop on Fine-Grained Visual Categorization, CVPR 2011."
        ),
        citation_key="khosla2011novel",
        homepage=_DOGS,
    ),
    # A copy of the set of Stanford course CS231n in three shards; no address is known for these very bytes.
    "tiny_imagenet": Source(
        name="tiny_imagenet",
        files=(
            RemoteFile("classes.tsv", 7_458, "d5c02b46f0e0e8861f77586c8200316343dfe88610b3330e6b0eb3ca2278cf67"),
            RemoteFile(
                "tiny-imagenet-train-000000.tar.gz",
                24_926_362,
                "7f279cf50385112ae973b6e4eeaf868681481b2c10c03ed1a186d2a0a29bdbe3",
            ),
            RemoteFile(
                "tiny-imagenet-train-000001.tar.gz",
                24_973_368,
                "ce6c362a77154d15ed34b8500531f5fc363b69f354ca08381138374793906c72",
            ),
            RemoteFile(
                "tiny-imagenet-val-000000.tar.gz",
                5_509_752,
                "e1073c301d126ad2e25e2b149c5bd3fa382420f4f63d0f5ec41e3226a08fe3c3",
            ),
        ),
        licence=(
            "No licence is stated. The photographs come from ImageNet: non-commercial research and education only; "
            "the copyright of each stays with its photographer."
        ),
        citation="Y. Le, X. Yang: Tiny ImageNet visual recognition challenge. CS231N, Stanford University, 2015.",
        citation_key="le2015tiny",
        homepage="http://cs231n.stanford.edu/",
    ),
    # The older file of manythings.org/anki with two columns. No address is known that gives these very bytes: today's
    # file at manythings.org is newer and larger.
    "fra_eng": Source(
        name="fra_eng",
        files=(
            RemoteFile("fra-eng.zip", 1_095_412, "0a739d81f26253e9078943c457ebaa8cfbe52d5f6bea8d82d57e44015b3352f6"),
        ),
        licence="Sentences of Tatoeba: CC BY 2.0 FR; attribution tatoeba.org and manythings.org/anki.",
        citation="Tatoeba: a collection of sentences and translations, in the selection of manythings.org/anki.",
        citation_key="tatoeba",
        homepage="https://www.manythings.org/anki/",
    ),
}
