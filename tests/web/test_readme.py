"""The README's three things to try, against a running server."""

import re
import subprocess
import sys
import urllib.parse
import urllib.request
from pathlib import Path

import rdflib

ADDRESS = "http://127.0.0.1:8000"


def block(root: Path, language: str, word: str) -> str:
    """The code block of the README in that language that holds `word`."""
    text = (root / "README.md").read_text(encoding="utf-8")
    return next(found for found in re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL) if word in found)


def test_the_uri(root: Path, server: str) -> None:
    """The URI of the first example gives Turtle that says 46462 inhabitants in 2015."""
    address = re.search(r"http\S+", block(root, "sh", "text/turtle"))
    assert address
    request = urllib.request.Request(address[0].replace(ADDRESS, server), headers={"Accept": "text/turtle"})
    with urllib.request.urlopen(request, timeout=10) as response:
        graph = rdflib.Graph().parse(response, format="turtle")
    base = "https://w3id.org/territoires-de-projet/"
    asked = (
        f"ASK {{ ?o <{base}def#inhabitants> 46462 ; <http://purl.org/linked-data/sdmx/2009/dimension#refPeriod> <{base}id/periode/2015> }}"
    )
    assert graph.query(asked).askAnswer


def test_the_query(root: Path, server: str) -> None:
    """The query of the second example gives the nine territories, the largest first."""
    query = block(root, "sh", "SELECT").partition("'query=")[2].rpartition("'")[0]
    body = urllib.parse.urlencode({"query": query}).encode()
    request = urllib.request.Request(f"{server}/sparql", body, {"Accept": "text/csv"})
    with urllib.request.urlopen(request, timeout=10) as response:
        lines = response.read().decode().splitlines()
    assert lines[0] == "name,inhabitants" and len(lines) == 10
    assert lines[1] == "Pays Bruche Mossig Piémont,105000"


def test_the_python_snippet(root: Path, server: str) -> None:
    """The third example runs as it stands and prints the relations."""
    snippet = block(root, "python", "SPARQLWrapper").replace(ADDRESS, server)
    printed = subprocess.run([sys.executable, "-c", snippet], capture_output=True, text=True, check=True, timeout=30).stdout
    assert "Nogentech — partenariat — Pays de Langres" in printed.splitlines()
