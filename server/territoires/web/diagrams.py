"""Class diagrams as SVG: each class a box with its properties, subclasses to its right (UML class diagram, without methods)."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from markupsafe import Markup, escape

from territoires.knowledge.terms import OntologyTerm
from territoires.web.naming import Value

WIDTH, GAP, INDENT, LINE, HEAD = 300, 14, 36, 18, 26  # pixels
LONGEST = 44  # characters of a line that fit in a box
Named = Callable[[str], Value]


@dataclass(frozen=True)
class Box:
    """A class in the diagram: its place, and the lines below its name."""

    term: OntologyTerm
    depth: int
    top: int
    lines: tuple[str, ...]

    @property
    def height(self) -> int:
        """The height of the box."""
        return HEAD + LINE * len(self.lines) + (6 if self.lines else 0)

    @property
    def left(self) -> int:
        """The left edge of the box."""
        return 1 + self.depth * INDENT


def module_diagram(terms: Iterable[OntologyTerm], named: Named, title: str) -> Markup:
    """The classes of a module as a tree of boxes, each linked to its definition."""
    known = list(terms)
    boxes = list(place(known, named))
    width = max((box.left for box in boxes), default=0) + WIDTH + 2
    height = max((box.top + box.height for box in boxes), default=0) + 2
    opening = Markup('<svg class="diagram" viewBox="0 0 {} {}" width="{}" role="group" aria-label="{}">')
    parts = [opening.format(width, height, width, title)]
    for box in boxes:
        parts += [link_to_parent(box, boxes), draw(box, named)]
    return Markup("").join([*parts, Markup("</svg>")])


def place(terms: list[OntologyTerm], named: Named) -> Iterator[Box]:
    """The boxes from top to bottom: each class, then its subclasses, a step to the right."""
    classes = {term.iri: term for term in terms if term.kind == "Class"}
    children: dict[str, list[OntologyTerm]] = {}
    for term in classes.values():
        parents = [iri for iri in term.relations.get("subClassOf", ()) if iri in classes]
        children.setdefault(parents[0] if parents else "", []).append(term)
    top = 1

    def walk(parent: str, depth: int) -> Iterator[Box]:
        nonlocal top
        for term in sorted(children.get(parent, ()), key=lambda each: named(each.iri).text.casefold()):
            box = Box(term, depth, top, tuple(property_lines(term, terms, named)))
            top += box.height + GAP
            yield box
            yield from walk(term.iri, depth + 1)

    yield from walk("", 0)


def property_lines(cls: OntologyTerm, terms: list[OntologyTerm], named: Named) -> Iterator[str]:
    """The properties whose domain is the class, with their range."""
    for term in sorted(terms, key=lambda each: named(each.iri).text.casefold()):
        if cls.iri in term.relations.get("domain", ()):
            ranges = ", ".join(named(iri).text for iri in term.relations.get("range", ()))
            line = f"{named(term.iri).text}{f' → {ranges}' if ranges else ''}"
            yield line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"


def draw(box: Box, named: Named) -> Markup:
    """One box."""
    shape = Markup('<a href="#{}"><rect x="{}" y="{}" width="{}" height="{}" rx="5"/>').format(
        box.term.name, box.left, box.top, WIDTH, box.height
    )
    name = Markup('<text class="name" x="{}" y="{}">{}</text>').format(box.left + 10, box.top + 18, escape(named(box.term.iri).text))
    lines = [
        Markup('<text x="{}" y="{}">{}</text>').format(box.left + 10, box.top + HEAD + 14 + LINE * number, line)
        for number, line in enumerate(box.lines)
    ]
    return Markup("").join([shape, name, *lines, Markup("</a>")])


def link_to_parent(box: Box, boxes: list[Box]) -> Markup:
    """The line from a class to the one it is narrower than."""
    parent = next((other for other in boxes if other.term.iri in box.term.relations.get("subClassOf", ())), None)
    if parent is None or box.depth == 0:
        return Markup("")
    x, middle = parent.left + INDENT // 2, box.top + HEAD // 2
    return Markup('<path d="M{} {}V{}H{}"/>').format(x, parent.top + parent.height, middle, box.left)
