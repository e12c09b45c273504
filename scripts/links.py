"""Ask every address outside that the built book and the data sets name whether it still answers; needs the internet.

    make links

One request at a time for each host, several hosts at once. An address is *gone* where the host says so (404, 410) or
there is no such host or no answer, at the second try too; that is an error. Where a host answers but lets no script
in (401, 403, 405, 429, 5xx) a person has to look: a warning, and no error.
"""

import sys
import time
import urllib.error
import urllib.request
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urldefrag, urlsplit

from bs4 import BeautifulSoup
from tqdm import tqdm

from helpers.data.registry import REGISTRY

ROOT = Path(__file__).resolve().parents[1]
HTML = ROOT / "_build" / "html"
AGENT = "Mozilla/5.0 (compatible; course link check)"
TIMEOUT_S, PAUSE_S, HOSTS_AT_ONCE = 30, 1.0, 8
GONE = (404, 410)
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
    """ "" where it answers, else what is wrong; "gone: …" where it is not there any more."""
    for method in ("HEAD", "GET"):  # some hosts know no HEAD, and some answer it wrongly
        request = urllib.request.Request(address, method=method, headers={"User-Agent": AGENT})
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S):
                return ""
        except urllib.error.HTTPError as error:
            found = f"gone: {error.code}" if error.code in GONE else f"look: {error.code} {error.reason}"
        except (OSError, ValueError) as error:  # no such host, no answer, an address that is none
            found = f"gone: {getattr(error, 'reason', error)}"
        time.sleep(PAUSE_S)
    return found


def ask_all(addresses: dict[str, set[str]]) -> dict[str, str]:
    """What is wrong with each address that does not answer."""
    hosts: dict[str, list[str]] = defaultdict(list)
    for address in sorted(addresses):
        hosts[urlsplit(address).netloc].append(address)
    bar = tqdm(total=len(addresses), unit="address", disable=None)

    def one_host(some: list[str]) -> dict[str, str]:
        found = {}
        for number, address in enumerate(some):
            time.sleep(PAUSE_S if number else 0)
            found[address] = ask(address)
            bar.update()
        return found

    with ThreadPoolExecutor(HOSTS_AT_ONCE) as pool:
        wrong = {a: said for part in pool.map(one_host, hosts.values()) for a, said in part.items() if said}
    bar.close()
    return wrong


def main() -> int:
    """Ask, print what is wrong and where it stands; 1 where an address is gone."""
    if not (HTML / "index.html").is_file():
        print("make links: the book is not built yet; run: make html", file=sys.stderr)
        return 1
    addresses = named()
    wrong = ask_all(addresses)
    for address, said in sorted(wrong.items(), key=lambda pair: pair[1]):
        print(f"{said}  {address}  in {', '.join(sorted(addresses[address])[:3])}")
    gone = [address for address, said in wrong.items() if said.startswith("gone")]
    print(f"{len(addresses)} addresses: {len(gone)} gone, {len(wrong) - len(gone)} for a person to look at")
    return 1 if gone else 0


if __name__ == "__main__":
    raise SystemExit(main())
