"""A query as it is asked from a shell, from Python and from R: programs to copy, which run as they are."""

import shlex
from dataclasses import dataclass

from territoires.results import Kind

FORMATS = {"solutions": "text/csv", "boolean": "application/sparql-results+json", "graph": "text/turtle"}


@dataclass(frozen=True)
class Snippet:
    """A program that asks the query."""

    name: str
    text: str


def snippets(endpoint: str, query: str, kind: Kind) -> tuple[Snippet, ...]:
    """The programs for a query to `endpoint` that is answered in that kind."""
    accept = FORMATS[kind]
    return (
        Snippet("cURL", curl(endpoint, query, accept)),
        Snippet("Python", python(endpoint, query, kind)),
        Snippet("R", r(endpoint, query, kind, accept)),
    )


def curl(endpoint: str, query: str, accept: str) -> str:
    """A command of a POSIX shell."""
    return f"curl --fail --header 'Accept: {accept}' \\\n  --data-urlencode {shlex.quote('query=' + query)} \\\n  {shlex.quote(endpoint)}\n"


def python(endpoint: str, query: str, kind: Kind) -> str:
    """A program for Python with SPARQLWrapper."""
    form = {"solutions": "JSON", "boolean": "JSON", "graph": "TURTLE"}[kind]
    use = {
        "solutions": 'for row in found["results"]["bindings"]:\n    print({name: cell["value"] for name, cell in row.items()})\n',
        "boolean": 'print(found["boolean"])\n',
        "graph": 'print(found.decode("utf-8"))\n',
    }[kind]
    lines = (
        f"from SPARQLWrapper import {form}, POST, SPARQLWrapper  # pip install sparqlwrapper",
        "",
        f"service = SPARQLWrapper({endpoint!r}, returnFormat={form})",
        "service.setMethod(POST)",
        f"service.setQuery({python_text(query)})",
        "found = service.query().convert()",
    )
    return "\n".join(lines) + "\n" + use


def python_text(query: str) -> str:
    """The query as a literal of Python: as it is written where that can be, else with escapes."""
    plain = '"""' not in query and "\\" not in query and "\r" not in query and not query.endswith('"')
    return f'"""\\\n{query}"""' if plain else repr(query)


def r(endpoint: str, query: str, kind: Kind, accept: str) -> str:
    """A program for R 4 with httr2, which reads rows into a data frame."""
    read = {
        "solutions": "found <- read.csv(text = resp_body_string(answer))\nprint(found)\n",
        "boolean": "print(resp_body_json(answer, check_type = FALSE)$boolean)\n",
        "graph": "cat(resp_body_string(answer))\n",
    }[kind]
    lines = (
        'library(httr2)  # install.packages("httr2")',
        "",
        f"query <- {r_text(query)}",
        f'answer <- request("{endpoint}") |>',
        "  req_body_form(query = query) |>",
        f'  req_headers(Accept = "{accept}") |>',
        "  req_perform()",
    )
    return "\n".join(lines) + "\n" + read


def r_text(query: str) -> str:
    """The query as a raw string of R, with as many dashes as keep its end apart from the text."""
    dashes = ""
    while f']{dashes}"' in query:
        dashes += "-"
    return f'r"{dashes}[{query}]{dashes}"'
