"""Which thing of the gazetteer a text means: candidates with a score, the reasons in words, and whether one of them is clear.

What is found first ends the search: a code; a name that is the same but for accents, hyphens and abbreviations, then without articles,
then without the words for the kind of body; only then misprints, and names that have some of the words. `match` is set for at most one
candidate, and only when no other could be meant as well: homonyms without context stay unmatched.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from territoires.knowledge import misprints, toponyms
from territoires.knowledge.areas import Area, Areas, departement_of
from territoires.knowledge.choosing import BARE, CODE, CORE, FULL, LOOSE, MISPRINT, PART, Hit, choice, order
from territoires.knowledge.gazetteer import KINDS, PARTS, Gazetteer, Record, Spelling, kind_of
from territoires.knowledge.grounds import Ground, described, told

_SCORES = {CODE: 100.0, FULL: 100.0, BARE: 98.0, LOOSE: 95.0, CORE: 92.0}
_MINOR = {**dict.fromkeys(PARTS, 6.0), **dict.fromkeys(("arrondissement", "collectivite", "notion"), 9.0)}
"""Kinds that are meant rather when they are asked for: what they lose when no kind is."""
_SMALL = ("territoire", "cluster", "dispositif", "region", "departement")
"""Kinds of few members, where a name's words in part tell enough."""
_BODIES = ("intercommunalite", "collectivite", "organisation", "territoire", "cluster")
"""Kinds in whose names words say what kind of body it is."""
_RECENT = 2010  # tables may still tell names that were given up since
_MOST_SHARING = 60  # names with words in common that are compared
_WIDER = {"commune": ("commune", *PARTS), "organisation": ("organisation", "collectivite")}


@dataclass(frozen=True)
class Candidate:
    """What a text may mean.

    `score` runs from 0 to 100; `match` says that it is taken without asking; `reasons` are sentences in the language that was asked for;
    `description` tells homonyms apart ("commune, Haute-Marne (52), 52121").
    """

    iri: str
    name: str
    kind: str
    score: float
    match: bool
    reasons: tuple[str, ...]
    description: str
    record: Record
    """All that the gazetteer knows of it: codes, names, départements."""


@dataclass(frozen=True)
class Question:
    """A text, the kinds that are looked for, where; and what of the context wasn't understood."""

    text: str
    kind: str | None
    kinds: tuple[str, ...]
    area: Area
    notes: tuple[Ground, ...] = field(default=())


class Matcher:
    """Finds candidates in a gazetteer. It holds no state of a question: any thread can ask."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        self.gazetteer = gazetteer
        self.areas = Areas(gazetteer)

    def candidates(
        self, text: str, kind: str | None = None, within: Mapping[str, str] | None = None, limit: int = 10, language: str = "fr"
    ) -> list[Candidate]:
        """At most `limit` candidates, the best first; none for an empty text.

        `kind` is a word of records.KINDS, a prefixed class or its IRI (InvalidParameter for another); without one, every kind counts.
        For the kind commune, a delegated, associated or former commune answers with the commune that it belongs to now.
        `within`: {"departement": …, "region": …, "postal": …} as code, name or IRI; what isn't understood is named in the reasons.
        `language` of reasons and description: fr or en.
        """
        of = kind_of(kind)
        area, unknown = self.areas.understood(within or {})
        question = Question(
            text, of, _WIDER.get(of, (of,)) if of else tuple(KINDS), area, tuple(Ground("unknown", each) for each in unknown)
        )
        hits = self.ranked(question)
        chosen = choice(hits)
        return [self._candidate(hit, hit is chosen, question, language) for hit in hits[:limit]]

    def ranked(self, question: Question) -> list[Hit]:
        """The hits, one for each record, the best first."""
        found: list[Hit] = []
        area = question.area
        if (codes := self._coded(question)) and not any(c.isspace() for c in question.text.strip()):
            found = codes
        else:
            for reading in toponyms.readings(question.text):
                beside = self.areas.beside(reading)
                if beside is None:  # what stands beside the name is no area: another reading tells more
                    continue
                here = area.narrowed(beside)
                found += [self._placed(hit, here) for hit in self._named(reading.text, question)]
                if any(hit.closeness <= CORE and hit.near is not False for hit in found):
                    break
            found = found or codes
            if not any(hit.closeness <= CORE and hit.near is not False for hit in found):
                found += self._near(question, area)
        best: dict[str, Hit] = {}
        for hit in found:
            other = best.get(hit.record.iri, hit)
            best[hit.record.iri] = replace(min(hit, other, key=order), past=hit.past and other.past)
        return sorted(best.values(), key=order)

    def _near(self, question: Question, area: Area) -> list[Hit]:
        """Hits by misprints and by some of the words, in the reading that leaves out what stands beside the name."""
        found: list[Hit] = []
        for reading in toponyms.readings(question.text)[-1:0:-1] or toponyms.readings(question.text):
            if (beside := self.areas.beside(reading)) is not None:
                here = area.narrowed(beside)
                asked = toponyms.keys(reading.text)
                found = [self._placed(hit, here) for hit in (*self._misprinted(asked, question), *self._sharing(asked, question, here))]
                break
        return found

    def _coded(self, question: Question) -> list[Hit]:
        """What bears the text as its code; a number that has lost the zero before it."""
        text, zero = question.text.strip(), list[Ground]()
        found = self.gazetteer.coded(text)
        if not found and text.isdecimal() and len(text) in (1, 4):
            found, zero = self.gazetteer.coded("0" + text), [Ground("zero", "0" + text)]
        hits: list[Hit] = []
        for record in found:
            if record.kind in question.kinds:
                hits += self._lifted(Hit(record, CODE, _SCORES[CODE] - 8 * bool(zero), (Ground("code", text), *zero)), question)
        return [self._placed(hit, question.area) for hit in hits]

    def _named(self, text: str, question: Question) -> list[Hit]:
        """What bears the name, in one of its keys."""
        asked = toponyms.keys(text)
        if not asked.full:
            return []
        found: list[Hit] = []
        for spelling in self.gazetteer.named(asked):
            if spelling.kind in question.kinds and (closeness := close(asked, spelling)) is not None:
                sure = closeness != BARE or not self.gazetteer.common(asked.words)
                grounds = (worded(text, closeness, spelling),)
                hit = Hit(self.gazetteer.record(spelling.record), closeness, _SCORES[closeness], grounds, sure=sure)
                found += self._lifted(borne(hit, spelling, asked, question), question)
        others = self.gazetteer.unlisted(asked.bare) if any(hit.record.kind == "commune" for hit in found) else ()
        if others:
            known = {code: self.areas.departement(code) for code in others}
            shown = ", ".join(f"{where} ({code})" if where else code for code, where in known.items())
            found = [replace(hit, others=others, grounds=(*hit.grounds, Ground("others", shown))) for hit in found]
        return found

    def _misprinted(self, asked: toponyms.Keys, question: Question) -> list[Hit]:
        """What bears nearly the name: some letters wrong."""
        found: list[Hit] = []
        for spelling, letters, sure in misprints.near(self.gazetteer, asked, question.kinds):
            longest = max(len(spelling.keys.bare), len(asked.bare))
            score = min(92.0, 100.0 * (1 - letters / longest))
            hit = Hit(
                self.gazetteer.record(spelling.record), MISPRINT, score, (Ground("misprint", spelling.text, letters),), None, letters, sure
            )
            found += self._lifted(borne(hit, spelling, asked, question), question)
        return found

    def _sharing(self, asked: toponyms.Keys, question: Question, area: Area) -> list[Hit]:
        """What has words of the name: sure only where it begins so, in the département that is known."""
        rest = toponyms.without_genre(asked.words)[1]
        found: list[Hit] = []
        for spelling in self.gazetteer.sharing(rest, question.kinds, _MOST_SHARING):
            theirs = toponyms.without_genre(spelling.keys.words)[1]
            common = sum(len(word) for word in {*rest} & {*theirs})
            share = 2 * common / (sum(map(len, rest)) + sum(map(len, theirs)))
            letters = len("".join(rest))
            sure = theirs[: len(rest)] == rest and letters > 3 and bool(area.departements or area.regions)
            sure = sure or (question.kind in _SMALL and {*rest} <= {*theirs} and letters > 7)
            score = 50 + 36 * share if not sure else 86.0
            if common:
                hit = Hit(self.gazetteer.record(spelling.record), PART, score, (Ground("part", spelling.text),), sure=sure)
                found += self._lifted(borne(hit, spelling, asked, question), question)
        return found

    def _lifted(self, hit: Hit, question: Question) -> Iterable[Hit]:
        """The hit; for the kind commune, of a part or a former commune, what it belongs to now."""
        if question.kind != "commune" or hit.record.kind not in PARTS:
            yield hit
            return
        yield from (
            replace(
                hit,
                record=successor,
                through=hit.record,
                score=hit.score - 3,
                grounds=(*hit.grounds, Ground(hit.record.kind, hit.record, successor)),
            )
            for successor in self._successors(hit.record)
        )

    def _successors(self, record: Record, steps: int = 6) -> list[Record]:
        """The communes of today that a part or a former commune belongs to; itself for a commune."""
        if record.kind not in PARTS:
            return [record] if record.kind == "commune" else []
        above = [found for iri in record.successors if (found := self.gazetteer.get(iri))] if steps else []
        return list({found.iri: found for each in above for found in self._successors(each, steps - 1)}.values())

    def _placed(self, hit: Hit, area: Area) -> Hit:
        """The hit with whether it lies where the context says."""
        if hit.record.kind == "commune" and not self.gazetteer.complete:
            hit = self._doubted(hit, area)
        near = area.holds(hit.through or hit.record)
        if hit.through and not near:  # a former commune of another département, or of none that is told
            near = area.holds(hit.record)
        if near is None:
            return hit
        ground = Ground("here" if near else "elsewhere", area.told, self.areas.of(hit.record))
        return replace(hit, near=near, score=hit.score if near else hit.score - 30, grounds=(*hit.grounds, ground))

    def _doubted(self, hit: Hit, area: Area) -> Hit:
        """The hit, unsure where a commune that isn't in the gazetteer could be meant."""
        within = area.holds(hit.record)
        misspelt = hit.closeness > CORE and not within
        elsewhere = [code for code in hit.others if not within or departement_of(code) in area.departements]
        return replace(hit, sure=hit.sure and not misspelt and not elsewhere)

    def _candidate(self, hit: Hit, match: bool, question: Question, language: str) -> Candidate:
        reasons = tuple(told(ground, language) for ground in (*hit.grounds, *question.notes))
        record = hit.record
        score = round(max(0.0, hit.score), 1)
        return Candidate(
            record.iri, record.name, record.kind, score, match, reasons, described(record, self.areas.of(record), language), record
        )


def close(asked: toponyms.Keys, spelling: Spelling) -> int | None:
    """How a name agrees with what was asked; None where only words for kinds of bodies were left out, of what is no body."""
    keys = spelling.keys
    for closeness, mine, theirs in ((FULL, asked.full, keys.full), (BARE, asked.bare, keys.bare), (LOOSE, asked.loose, keys.loose)):
        if mine == theirs:
            return closeness
    return CORE if asked.core == keys.core and spelling.kind in _BODIES else None


def borne(hit: Hit, spelling: Spelling, asked: toponyms.Keys, question: Question) -> Hit:
    """The hit, less sure where the name is an old one or an acronym, the kind of body another, or the kind a minor one."""
    loss, grounds = 0.0, hit.grounds
    gone = spelling.until > 0 and spelling.kind in ("intercommunalite", "collectivite")
    if gone:
        loss += 10
        grounds = (*grounds, Ground("ended", spelling.until))
    if spelling.sort in ("variant", "hidden"):
        loss += 1
    if spelling.sort in ("former", "acronym"):
        loss += 4
        grounds = (*grounds, Ground(spelling.sort, spelling.text))
    if hit.closeness in (CORE, MISPRINT) and asked.genre and spelling.keys.genre and asked.genre != spelling.keys.genre:
        loss += 5
        grounds = (*grounds, Ground("genre", spelling.text))
    if question.kind is None:
        loss += _MINOR.get(hit.record.kind, 0)
    if question.kind is None and hit.closeness == CORE and not asked.genre:
        loss += 6
    past = (spelling.sort == "former" or spelling.kind in ("ancienne-commune", "commune-associee")) and spelling.until < _RECENT
    return replace(hit, score=hit.score - loss, grounds=grounds, past=past or gone)


def worded(text: str, closeness: int, spelling: Spelling) -> Ground:
    """Why a name is the same."""
    plain = " ".join(text.split()) == spelling.text
    return Ground("same" if plain else ("full", "bare", "loose", "core")[closeness - FULL], spelling.text)
