"""The sentence on top of a page: what the thing is, put together from facts that are known and nothing else."""

from collections.abc import Iterable, Sequence

from flask_babel import gettext
from flask_babel import lazy_gettext as _

from territoires.results import NamedNode
from territoires.web.kinds import Clause, Kind, main_class
from territoires.web.matters import SHOWN_BY
from territoires.web.showing import Shown
from territoires.web.wording import NOUNS

COUNTED = {
    "tdp:inhabitants": _("%(number)s inhabitants"),
    "tdp:communeCount": _("%(number)s communes"),
    "tdp:epciCount": _("%(number)s EPCI"),
    "tdp:firmCount": _("%(number)s enterprises"),
    "tdp:memberCount": _("%(number)s members"),
    "tdp:jobCount": _("%(number)s jobs"),
    "tdp:personCount": _("%(number)s persons"),
}
"""Measure -> how a sentence says its number."""
ROLES = ("tdp:postFor", "org:postIn")


def summarise(show: Shown, kind: Kind, nodes: Sequence[str]) -> str:
    """The summary of the resource; empty where nothing is known that makes a sentence."""
    found = show.found
    name = show.named(found.resource).text
    if kind.name == "person":
        return posts(show, name, nodes)
    classes = found.types(found.resource)
    main = main_class(kind, classes)
    if not main or kind.name in ("dataset", "period"):
        return ""
    clauses = [text for clause in kind.clauses if (text := worded(show, clause, nodes))]
    noun = next((str(NOUNS[cls]) for cls in kind.classes if cls in classes and cls in NOUNS), "")
    said = ", ".join([*clauses, *counts(show, kind, nodes)])
    if noun and " · " in name:  # the name of a node tells its parts, so that a sentence with it would tell them twice
        return f"{noun[:1].upper()}{noun[1:]}, {said}." if said else ""
    if noun and said:
        return str(gettext("%(name)s is %(noun)s, %(facts)s.", name=name, noun=noun, facts=said))
    if noun:
        return str(gettext("%(name)s is %(noun)s.", name=name, noun=noun))
    called = lower(show.term(main).text)
    return gettext("%(name)s: %(kind)s, %(facts)s.", name=name, kind=called, facts=said) if said else ""


def worded(show: Shown, clause: Clause, nodes: Sequence[str]) -> str:
    """A clause with its values; empty where nothing is known, or more than a sentence can hold."""
    found = show.found
    terms = found.said.get(clause.property, [])
    resources = {term.value for term in terms if isinstance(term, NamedNode)}
    texts = [value.text for value in show.values(terms)] if terms else []
    cls = SHOWN_BY.get(clause.property, "")
    told = list(dict.fromkeys(dated(show, (n for n in nodes if cls in found.types(n)), resources))) if cls else []
    value = gettext(", then ").join(told) or enumerate_texts(list(dict.fromkeys(texts)))
    return str(clause.phrase) % {"value": value} if 0 < len(told or texts) <= clause.most else ""


def dated(show: Shown, nodes: Iterable[str], resources: set[str]) -> list[str]:
    """The other side of nodes, each with its time: the earliest first."""
    told = []
    for node in nodes:
        others = [t.value for terms in show.found.about[node].values() for t in terms if isinstance(t, NamedNode) and t.value in resources]
        periods = show.found.iris(node, "tdp:validDuring")
        start = min((str(day) for period in periods for day in show.days(period)[:1] if day), default="")
        time = show.time(node)
        told += [(start, f"{show.named(other).text} ({lower(time)})" if time else show.named(other).text) for other in others]
    return [text for _start, text in sorted(told)]


def counts(show: Shown, kind: Kind, nodes: Sequence[str]) -> list[str]:
    """The first figures of the kind in words, with their year."""
    found, told = show.found, []
    for measure in kind.figures[:2]:
        here = [n for n in nodes if measure in found.about.get(n, {}) and measure in COUNTED]
        values = {(show.number(n, measure), show.time_of_figure(n)) for n in here if found.literals(n, measure)}
        if len(values) == 1:
            number, time = values.pop()
            told.append(str(COUNTED[measure]) % {"number": number} + (f" ({time})" if time else ""))
    return told


def posts(show: Shown, name: str, nodes: Sequence[str]) -> str:
    """What a person is, according to the source."""
    found, told = show.found, set()
    for node in nodes:
        if "org:Post" in found.types(node):
            title = show.text(node, "tdp:printedTitle") or next((show.named(r) for r in found.iris(node, "org:role")), None)
            place = enumerate_texts([show.named(p).text for p in found.iris(node, *ROLES)])
            if title:
                told.add(f"{lower(title.text)} ({place})" if place else lower(title.text))
    return gettext("%(name)s: %(posts)s, according to the source.", name=name, posts=", ".join(sorted(told))) if told else ""


def enumerate_texts(texts: Sequence[str]) -> str:
    """Texts as a sentence says several."""
    return gettext(" and ").join([", ".join(texts[:-1]), texts[-1]]) if len(texts) > 1 else "".join(texts)


def lower(text: str) -> str:
    """`text` as it stands inside a sentence: acronyms keep their letters."""
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]
