"""Shows hits of the search to one reader: named in the reader's language, linked on this host, what matches marked."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flask import request
from flask_babel import lazy_gettext
from pyoxigraph import Literal

from territoires.knowledge import folding, search
from territoires.knowledge.indexing import PERSON
from territoires.vocabulary import iri
from territoires.web.language import best_literal, current_language
from territoires.web.naming import NAMING, Namer, Value
from territoires.web.service import service

CATEGORIES = {
    "territoire": lazy_gettext("Territories"),
    "cluster": lazy_gettext("Clusters"),
    "organisation": lazy_gettext("Organisations"),
    PERSON: lazy_gettext("Persons"),
    "dispositif": lazy_gettext("Programmes, funds, calls and labels"),
    "action": lazy_gettext("Actions"),
    "notion": lazy_gettext("Notions"),
    "enonce": lazy_gettext("Advice, findings and other statements"),
    "document": lazy_gettext("Texts"),
    "fait": lazy_gettext("Facts and figures"),
    "terme": lazy_gettext("Terms of the ontology"),
    "passage": lazy_gettext("Passages of the source"),
    "autre": lazy_gettext("Other"),
}
Pieces = Sequence[tuple[str, bool]]


@dataclass(frozen=True)
class ShownHit:
    """A hit for one reader: its name and class; name, other name and text with the pieces that match; where it belongs;
    the notions by which it matches.
    """

    value: Value
    kind: Value
    name: Pieces
    also: Value | None
    also_pieces: Pieces
    text: Value | None
    text_pieces: Pieces
    places: tuple[Value, ...]
    notions: tuple[tuple[Value, Pieces], ...]

    @property
    def href(self) -> str:
        """Its address for a reader on this host."""
        return self.value.href


def namer(found_in: search.SearchIndex, iris: Iterable[str]) -> Namer:
    """A namer of classes and places, from the index alone."""
    known = {about: literals(names) for about, names in found_in.labels(iris).items()}
    return Namer(known, service().store.base, current_language(), request.root_path)


def literals(names: Sequence[search.Name]) -> list[Literal]:
    """The names that a resource is called by."""
    return [Literal(n.text, language=n.language) if n.language else Literal(n.text) for n in names if iri(n.property) in NAMING]


def shown(found_in: search.SearchIndex, hits: Sequence[search.Hit], wanted: Sequence[str]) -> list[ShownHit]:
    """The hits for this reader; the folded words that are `wanted` are marked."""
    around = namer(found_in, sorted({about for hit in hits for about in (kind_of(hit), *hit.areas, *hit.subjects)}))
    own = Namer({hit.iri: literals(hit.names) for hit in hits}, around.base, around.language, around.root)
    return [shown_hit(hit, own.named(hit.iri), around, places_of(hit, found_in.territories), wanted) for hit in hits]


def places_of(hit: search.Hit, territories: Sequence[str]) -> list[str]:
    """Where a hit belongs: the territories, else the régions."""
    places = [area for area in hit.areas if area != hit.iri]
    return [place for place in places if place in territories] or places


def shown_hit(hit: search.Hit, value: Value, around: Namer, places: Sequence[str], wanted: Sequence[str]) -> ShownHit:
    """One hit; another name or a text is shown where it matches and the name doesn't."""
    wanted = folding.telling([*wanted])
    name = folding.marked(value.text, wanted)
    others = [n for n in hit.names if n.property != "skos:hiddenLabel" and n.text != value.text]
    also = next((n for n in others if every(n.text, wanted)), None) if wanted and not every(value.text, wanted) else None
    preferred = best_literal([Literal(t.text, language=t.language) if t.language else Literal(t.text) for t in hit.texts], around.language)
    text = Value(folding.extract(preferred.value, wanted), preferred.language or "") if preferred else None
    read = f"{value.text} {preferred.value if preferred else ''}"
    return ShownHit(
        value,
        around.named(kind) if (kind := kind_of(hit)) else Value(str(CATEGORIES[hit.category])),
        name,
        Value(also.text, also.language) if also else None,
        folding.marked(also.text, wanted) if also else (),
        text,
        folding.marked(text.text, wanted) if text else (),
        tuple(around.named(place) for place in places),
        notions_of(hit, around, wanted) if hit.rank == search.ANYWHERE and not every(read, wanted) else (),
    )


def notions_of(hit: search.Hit, around: Namer, wanted: Sequence[str]) -> tuple[tuple[Value, Pieces], ...]:
    """The notions that a hit is linked with and that are called, in some language, by a word that is wanted; three at most."""
    matching = (s for s in hit.subjects if any(every(name.value, [word]) for name in around.names.get(s, ()) for word in wanted))
    shown_as = (around.named(subject) for subject in list(matching)[:3])
    return tuple((value, folding.marked(value.text, wanted)) for value in shown_as)


def kind_of(hit: search.Hit) -> str:
    """What tells a hit from others of its name: the list of a concept, else the class."""
    return hit.scheme if hit.scheme and hit.cls == iri("skos:Concept") else hit.cls


def every(text: str, wanted: Sequence[str]) -> bool:
    """Whether a text has a word, or a compound, that begins with each of those wanted."""
    known = [*folding.words(text), *folding.compounds(text)]
    return all(any(word.startswith(folding.stem(start)) for word in known) for start in wanted)
