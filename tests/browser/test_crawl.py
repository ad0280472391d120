"""A crawl from the home page: every link within the site leads somewhere."""

import http.client
import re
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from urllib.parse import parse_qsl, urldefrag, urljoin, urlsplit

import pytest

pytestmark = pytest.mark.browser
LINK = re.compile(r"""<(?:a|link|script|img|form)\b[^>]*?\s(?:href|src|action)="([^"]*)\"""")
ANCHOR = re.compile(r"""\sid="([^"]+)\"""")
CHOICES = 60
"""How many addresses of one form are followed: formats, facets, sorting and drawings of each thing would multiply without end."""
PARTS = 4


class Crawl:
    """What has been found: the status of each address, its anchors, and on which page a link to it stands."""

    def __init__(self, server: str) -> None:
        self.place = urlsplit(server).netloc
        self.server = server
        self.status: dict[str, int] = {}
        self.anchors: dict[str, set[str]] = {}
        self.found_on: dict[str, str] = {}
        self.choices: dict[str, int] = {}
        self.left: deque[str] = deque()

    def add(self, link: str, page: str) -> None:
        """Notes a link, and follows it unless it was followed before."""
        address, _ = urldefrag(urljoin(self.server + page, unescape(link)))
        parts = urlsplit(address)
        if parts.netloc != self.place or parts.scheme not in ("http", "https"):
            return
        self.found_on.setdefault(urljoin(self.server + page, unescape(link)).removeprefix(self.server), page)
        target = address.removeprefix(self.server) or "/"
        if target in self.status:
            return
        if form := form_of(parts.path, parts.query):
            self.choices[form] = self.choices.get(form, 0) + 1
            if self.choices[form] > CHOICES:
                return
        self.status[target] = 0
        self.left.append(target)

    def follow(self, targets: list[str]) -> list[tuple[str, int, str, str]]:
        """Asks for some addresses on one connection: status, body of a page, where a redirection leads."""
        connection = http.client.HTTPConnection(self.place, timeout=60)
        told = []
        for target in targets:
            connection.request("GET", target, headers={"Accept": "text/html, */*;q=0.1", "Accept-Language": "fr"})
            answer = connection.getresponse()
            body = answer.read()
            page = answer.headers.get_content_type() == "text/html"
            told.append((target, answer.status, body.decode() if page else "", answer.headers.get("Location", "")))
        connection.close()
        return told

    def run(self) -> None:
        """Follows all there is."""
        with ThreadPoolExecutor(PARTS) as threads:
            while self.left:
                targets = list(self.left)
                self.left.clear()
                for told in threads.map(self.follow, [targets[part::PARTS] for part in range(PARTS)]):
                    for target, status, body, location in told:
                        self.status[target] = status
                        if body:
                            self.anchors[target] = {unescape(anchor) for anchor in ANCHOR.findall(body)}
                        for link in (*LINK.findall(body), *([location] if location else [])):
                            self.add(link, target)


def form_of(path: str, query: str) -> str:
    """What an address has in common with those that differ by the thing only; nothing for the page of a thing."""
    first, suffix = path.split("/")[1], path.rpartition(".")[2] if "." in path else ""
    names = ",".join(sorted({name for name, _ in parse_qsl(query, keep_blank_values=True)}))
    return f"{first}.{suffix}?{names}" if names or first == "relations" or suffix not in ("", "html") else ""


def test_every_link_leads_somewhere(server: str) -> None:
    """No address within the site is missing or fails, and a link to a part of a page finds that part."""
    crawl = Crawl(server)
    crawl.add("/", "/")
    crawl.run()
    assert len(crawl.status) > 1000
    fine = (200, 303, 308, 410)  # a commune that is no more has a page that says so
    missing = {target: (status, crawl.found_on.get(target)) for target, status in crawl.status.items() if status not in fine}
    assert missing == {}
    lost = []
    for link, page in crawl.found_on.items():
        target, _, anchor = link.partition("#")
        if anchor and crawl.anchors.get(target or "/") and anchor not in crawl.anchors[target or "/"]:
            lost.append((link, page))
    assert lost == []
