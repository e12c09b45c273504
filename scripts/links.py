"""Ask every address outside that the built book and the data sets name whether it still answers; needs the internet.

    make links

One request at a time for each host, a second apart, several hosts at once. What is wrong is one of three things:

- *gone*: the host says so (404, 410). An error.
- *no answer*: no such host, refused, an untrusted certificate, too late; at the second try too. An error. A host that
  is silent twice in a row is asked no more.
- *look*: the host answers, but lets no script in (401, 403, 405, 5xx) or has had enough (429; it is asked no more). A
  person has to look; no error.

Where none of the first hosts answers, there is no network here: that is said once, and nothing of any address.
"""

import sys
import time
import urllib.error
import urllib.request
from collections import Counter, defaultdict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from pathlib import Path
from urllib.parse import urldefrag, urlsplit

from bs4 import BeautifulSoup
from tqdm import tqdm

from helpers.data.registry import REGISTRY

ROOT = Path(__file__).resolve().parents[1]
HTML = ROOT / "_build" / "html"
AGENT = "Mozilla/5.0 (compatible; course link check)"
TIMEOUT_S, PAUSE_S, HOSTS_AT_ONCE = 30, 1.0, 8
GONE, ENOUGH = (404, 410), 429
SHOWN = 3  # pages that a line names
OWN = ("/edit/", "/issues/new")  # links of a built repository to itself: they want a login, or the next commit


def named() -> dict[str, set[str]]:
    """Every address outside, without its fragment, and where it is named."""
    found: dict[str, set[str]] = defaultdict(set)
    for page in sorted(HTML.rglob("*.html")):
        soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
        for link in soup.select("a[href^='http:'], a[href^='https:']"):
            address = urldefrag(str(link["href"])).url
            if not any(part in address for part in OWN):
                found[address].add(page.relative_to(HTML).as_posix())
    for source in REGISTRY.values():
        for address in (source.homepage, *(url for file in source.files for url in file.urls)):
            found[address].add(f"data set {source.name}")
    return dict(found)


def ask(address: str) -> str:
    """ "" where it answers, else what is wrong: "gone: …", "no answer: …" or "look: …"."""
    for method in ("HEAD", "GET"):  # some hosts know no HEAD, and some answer it wrongly
        request = urllib.request.Request(address, method=method, headers={"User-Agent": AGENT})
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S):
                return ""
        except urllib.error.HTTPError as error:
            found = f"{'gone' if error.code in GONE else 'look'}: {error.code} {error.reason}"
            if error.code == ENOUGH:
                break
        except (OSError, ValueError, HTTPException) as error:  # no such host, no answer, an address that is none
            found = f"no answer: {getattr(error, 'reason', error)}"
        time.sleep(PAUSE_S)
    return found


def ask_host(addresses: list[str]) -> dict[str, str]:
    """What is wrong with each address of one host, "" where nothing is."""
    found: dict[str, str] = {}
    spared, silent = "", 0
    for address in addresses:
        found[address] = spared or ask(address)
        silent = silent + 1 if found[address].startswith("no answer") else 0
        if found[address].startswith(f"look: {ENOUGH}"):
            spared = f"look: not asked, its host has had enough ({ENOUGH})"
        elif silent == 2:
            spared = "no answer: not asked, its host was silent twice"
        time.sleep(0 if spared else PAUSE_S)
    return found


def ask_all(addresses: Iterable[str]) -> dict[str, str]:
    """What is wrong with each address that does not answer.

    Raises
    ------
    ConnectionError
        Where none of the first hosts answers.
    """
    hosts: dict[str, list[str]] = defaultdict(list)
    for address in sorted(addresses):
        hosts[urlsplit(address).netloc].append(address)
    by_size = sorted(hosts.values(), key=len, reverse=True)  # the longest queues first
    with ThreadPoolExecutor(HOSTS_AT_ONCE) as pool:
        first = list(pool.map(ask, [some[0] for some in by_size[:HOSTS_AT_ONCE]]))
        if first and all(said.startswith("no answer") for said in first):
            names = ", ".join(urlsplit(some[0]).netloc for some in by_size[:HOSTS_AT_ONCE])
            raise ConnectionError(f"none of these hosts answers, so there is no network here: {names} ({first[0]})")
        wrong: dict[str, str] = {}
        with tqdm(total=sum(map(len, by_size)), unit="address", disable=None) as bar:
            for found in pool.map(ask_host, by_size):
                wrong |= {address: said for address, said in found.items() if said}
                bar.update(len(found))
    return wrong


def main() -> int:
    """Ask, print what is wrong and where it stands; 1 where an address is gone or does not answer."""
    if not (HTML / "index.html").is_file():
        print("make links: the book is not built yet; run: make html", file=sys.stderr)
        return 1
    addresses = named()
    hosts = {urlsplit(address).netloc for address in addresses}
    print(f"{len(addresses)} addresses of {len(hosts)} hosts, a second apart for each host", flush=True)
    try:
        wrong = ask_all(addresses)
    except ConnectionError as error:
        print(f"make links: {error}", file=sys.stderr)
        return 1
    for address, said in sorted(wrong.items(), key=lambda pair: (pair[1].split(":")[0], pair[0])):
        where = sorted(addresses[address])
        more = f" and {len(where) - SHOWN} more" if len(where) > SHOWN else ""
        print(f"{said}  {address}  in {', '.join(where[:SHOWN])}{more}")
    count = Counter(said.split(":")[0] for said in wrong.values())
    print(
        f"{len(addresses)} addresses: {count['gone']} gone, {count['no answer']} without an answer, "
        f"{count['look']} for a person to look at"
    )
    return 1 if count["gone"] or count["no answer"] else 0


if __name__ == "__main__":
    raise SystemExit(main())
