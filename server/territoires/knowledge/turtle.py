"""Turtle as the sources are written: subjects, properties and values in an order that stays, so that a diff shows what changed.

A subject stands once, with its class first; own IRIs are relative to @base, and the prefixes are those that are used. A blank node stands
where it is referred to, where that is one place; others bear names that follow from what is said of them (knowledge/labelling.py).
"""

import re
from collections import Counter
from collections.abc import Iterable

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, Triple

from territoires.errors import SourceError
from territoires.knowledge.labelling import labelled
from territoires.vocabulary import CANONICAL_BASE, PREFIXES, iri

ORDER = ("tdp", "owl", "rdf", "rdfs", "skos", "xsd", "sh", "dct", "org", "prov", "foaf", "time", "qb", "eli", "geo", "locn", "m8g", "igeo")
"""The prefixes as the sources declare them, one after another; others follow by name."""
WIDTH = 140
"""Characters of a line that holds several values."""
_DEEPEST = 6  # blank nodes within one another; what lies deeper bears a name
_LOCAL = re.compile(r"[A-Za-z_](?:[\w-]*\w)?", re.ASCII)
_BELOW = re.compile(r"(?!\.)[\w-][\w.~%+@!$&'()*,;=-]*(?:/(?!\.)[\w.~%+@!$&'()*,;=-]+)*(?:#[\w-]+)?", re.ASCII)
_BARE = {iri("xsd:integer"): r"[+-]?\d+", iri("xsd:decimal"): r"[+-]?\d*\.\d+", iri("xsd:boolean"): "true|false"}
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_LANGUAGES = ("fr", "en")
Node = NamedNode | BlankNode
Term = Node | Literal | Triple
Said = dict[Node, dict[str, list[Term]]]
"""Subject -> property -> values."""


def turtle(triples: Iterable[Triple], comment: Iterable[str] = ()) -> str:
    """The triples at the canonical base, behind lines of comment: the same text whatever their blank nodes are called.

    Raises SourceError for a triple that is a value, which not every reader of Turtle takes.
    """
    said: Said = {}
    for quad in labelled(Quad(*triple) for triple in triples):
        said.setdefault(quad.subject, {}).setdefault(quad.predicate.value, []).append(quad.object)  # type: ignore[arg-type]
    writer = Writer(said)
    blocks = [writer.block(subject) for subject in sorted(said, key=place) if subject not in writer.nested]
    used = [prefix for prefix in (*ORDER, *sorted(PREFIXES.keys() - {*ORDER})) if prefix in writer.used]
    head = [f"@base <{CANONICAL_BASE}> .", *(f"@prefix {prefix}: <{PREFIXES[prefix]}> ." for prefix in used)]
    told = [f"# {plain(line)}".rstrip() for line in comment]
    return "\n".join([*head, "", *told, *([""] if told else []), "\n\n".join(blocks)]) + "\n"


class Writer:
    """What is said, on its way to text."""

    def __init__(self, said: Said) -> None:
        self._said = said
        self.used: set[str] = set()
        """The prefixes that were needed until now."""
        self.nested: set[Node] = set()
        """The blank nodes that stand where they are referred to."""
        referred = Counter(value for values in said.values() for each in values.values() for value in each if isinstance(value, BlankNode))
        self._alone = {node for node, times in referred.items() if times == 1}
        self._free = {node for node in said if isinstance(node, BlankNode) and node not in referred}
        level = [node for node in said if node not in self._alone]
        for depth in range(_DEEPEST + 1):
            within = [value for node in level for values in said.get(node, {}).values() for value in values if value in self._alone]
            if depth < _DEEPEST:
                self.nested |= set(within)  # type: ignore[arg-type]
            level = within  # type: ignore[assignment]

    def block(self, subject: Node) -> str:
        """All that is said of a subject."""
        named = "[]" if subject in self._free else self._term(subject)
        lines = self._lines(subject, 1)
        first = f"{named} {lines[0]}" if lines[0].startswith("a ") else f"{named}\n    {lines[0]}"
        return " ;\n    ".join([first, *lines[1:]]) + " ."

    def _lines(self, subject: Node, depth: int) -> list[str]:
        """A line, or several, for each property of a subject, its class first."""
        told = []
        for predicate, values in self._said[subject].items():
            name = "a" if predicate == iri("rdf:type") else self._named(predicate)
            texts = [self._value(value, depth) for value in sorted(values, key=place)]
            line = ", ".join(texts)
            if len(line) > WIDTH or "\n" in line:
                line = f",\n{'    ' * (depth + 1)}".join(texts)
            told.append((name != "a", name, f"{name} {line}"))
        return [line for _, _, line in sorted(told)]

    def _value(self, value: Term, depth: int) -> str:
        """A value; a blank node that stands nowhere else with all that is said of it."""
        if value not in self.nested:
            return self._term(value)
        if value not in self._said:
            return "[]"
        inner = self._lines(value, depth + 1)  # type: ignore[arg-type]
        if len(inner) == 1 and "\n" not in inner[0]:
            return f"[ {inner[0]} ]"
        indent = "    " * (depth + 1)
        return f"[\n{indent}{f' ;{chr(10)}{indent}'.join(inner)}\n{'    ' * depth}]"

    def _term(self, term: Term) -> str:
        """A term."""
        if isinstance(term, NamedNode):
            return self._named(term.value)
        if isinstance(term, Literal):
            return self._literal(term)
        if isinstance(term, Triple):
            raise SourceError(f"The triple {term} is the value of another one: the sources hold none of that kind.")
        return str(term)

    def _named(self, value: str) -> str:
        """An IRI, by its prefix or relative to the base where that reads back as the same."""
        for prefix, namespace in PREFIXES.items():
            if value.startswith(namespace) and _LOCAL.fullmatch(value, len(namespace)):
                self.used.add(prefix)
                return f"{prefix}:{value[len(namespace) :]}"
        below = value.removeprefix(CANONICAL_BASE)
        return f"<{below}>" if below != value and _BELOW.fullmatch(below) else str(NamedNode(value))

    def _literal(self, literal: Literal) -> str:
        """A literal; numbers and truth values bare."""
        if (form := _BARE.get(literal.datatype.value)) and re.fullmatch(form, literal.value, re.ASCII):
            return literal.value
        quoted = '"' + "".join(_ESCAPES.get(sign) or (f"\\u{ord(sign):04X}" if unseen(sign) else sign) for sign in literal.value) + '"'
        if literal.language:
            return f"{quoted}@{literal.language}"
        return quoted if literal.datatype.value == iri("xsd:string") else f"{quoted}^^{self._named(literal.datatype.value)}"


def plain(text: str) -> str:
    """A text on one line, without what isn't seen."""
    return "".join(sign for sign in " ".join(text.split()) if sign.isprintable())


def unseen(sign: str) -> bool:
    """Whether a character is a control, or ends a line for some readers."""
    return sign in "\x0b\x0c\x1c\x1d\x1e\x1f\x85\u2028\u2029" or not (sign.isprintable() or sign.isspace() or ord(sign) > 0xFFFF)


def place(term: Term) -> tuple[int, str, int, str, str]:
    """Where a term stands among others: IRIs, then literals by their languages, then blank nodes."""
    if isinstance(term, Literal):
        spoken = _LANGUAGES.index(term.language) if term.language in _LANGUAGES else len(_LANGUAGES)
        return 1, "", spoken, term.value, str(term)
    return (0 if isinstance(term, NamedNode) else 2), str(term), 0, "", ""
