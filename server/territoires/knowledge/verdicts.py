"""Checks data/links/*.tsv before a release: each fault with its file, its line, and what to do."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

from territoires.files import LINKS
from territoires.knowledge.findings import Finding
from territoires.knowledge.linksets import NEGATIVE, POSITIVE, SURE, VERDICTS, Target, read_links, read_targets
from territoires.knowledge.sssom import NOT_FOUND, MappingSet, Row, read_mappings
from territoires.vocabulary import CANONICAL_BASE, iri, shorten

WANTED = ("mapping_set_id", "mapping_set_description", "license")
IDENTIFIERS = ("subject_id", "predicate_id", "object_id", "mapping_justification", "subject_source", "object_source")
"""The columns that hold CURIEs."""
OWN = f"{CANONICAL_BASE}id/jeu/territoires"
UNVERIFIED = "UNVERIFIED-MEMORY"
_JUSTIFIED = re.compile(r"https://w3id[.]org/semapv/vocab/[A-Z][A-Za-z]+")


class Fault(NamedTuple):
    """What is wrong: the rule, and what to do in French and in English."""

    rule: str
    french: str
    english: str


Told = tuple[str, Row]
"""A row with its verdict."""


def check_links(home: Path, subjects: Collection[str], files: Sequence[Path] = ()) -> list[Finding]:
    """The faults of the mapping sets below `home`; with `files`, those of these instead of the ones of their names, and no others.

    `subjects` are the IRIs that the data describe. Raises SourceError.
    """
    targets = read_targets(home)
    sets = read_links(home) | {path.stem: read_mappings(path) for path in files}
    chosen = {path.stem for path in files} or set(sets)
    found = [finding for verdict in sets if verdict in chosen for finding in check_set(verdict, sets[verdict], targets, subjects)]
    told = [(verdict, row) for verdict in VERDICTS if verdict in sets for row in sets[verdict].rows]
    for check in (repeated, contradicted, shared):
        found += [of_row(verdict, row, fault) for (verdict, row), fault in check(told) if verdict in chosen]
    return found


def check_set(verdict: str, mappings: MappingSet, targets: Mapping[str, Target], subjects: Collection[str]) -> Iterator[Finding]:
    """The faults of one file, each within itself."""
    if verdict not in VERDICTS:
        names = ", ".join(f"{name}.tsv" for name in VERDICTS)
        yield of_file(
            verdict, Fault("file", f"Ce fichier n’est aucun de {names} : renommez-le.", f"This file is none of {names}: rename it.")
        )
        return
    for name in WANTED:
        if not mappings.metadata.get(name):
            yield of_file(verdict, Fault("metadata", f"L’en-tête ne dit pas {name} : ajoutez-le.", f"The header lacks {name}: add it."))
    for row in mappings.rows:
        counts = row.width, len(mappings.columns)
        if counts[0] != counts[1]:
            french = "{} cellules pour {} colonnes : complétez la ligne.".format(*counts)
            yield of_row(verdict, row, Fault("cells", french, "{} cells for {} columns: complete the line.".format(*counts)))
            continue
        for fault in (*written(row), *grounded(verdict, row), *about(verdict, row, targets, subjects)):
            yield of_row(verdict, row, fault)


def written(row: Row) -> Iterator[Fault]:
    """Whether the cells have their form."""
    for column in IDENTIFIERS:
        if row[column] and not row.iri(column):
            said = row[column]
            yield Fault(
                "prefix",
                f"{column} : « {said} » n’est pas un CURIE à préfixe déclaré : déclarez-le dans #curie_map.",
                f"{column}: “{said}” is no CURIE with a declared prefix: declare it in #curie_map.",
            )
    for column in ("subject_id", "subject_label", "predicate_id", "object_label" if row.literal else "object_id", "object_source"):
        if not row[column]:
            yield Fault("empty", f"{column} est vide : remplissez-le.", f"{column} is empty: fill it in.")
    if not _JUSTIFIED.fullmatch(row.iri("mapping_justification")):
        yield Fault(
            "justification",
            "mapping_justification n’est pas un terme de semapv : par exemple semapv:ManualMappingCuration.",
            "mapping_justification is no term of semapv: semapv:ManualMappingCuration, say.",
        )
    try:
        date.fromisoformat(row["mapping_date"])
    except ValueError:
        yield Fault("date", "mapping_date n’est pas une date AAAA-MM-JJ.", "mapping_date is no date YYYY-MM-DD.")
    if row["predicate_modifier"] not in ("", "Not"):
        yield Fault("modifier", "predicate_modifier ne peut être que Not.", "predicate_modifier can only be Not.")


def grounded(verdict: str, row: Row) -> Iterator[Fault]:
    """Whether the row says where it was read, and how sure that is."""
    if not row["cited_source"]:
        yield Fault(
            "source",
            "La source manque : dites dans cited_source où le lien a été lu, ou où il a été cherché.",
            "The source is missing: say in cited_source where the link was read, or where it was looked for.",
        )
    if verdict == POSITIVE and UNVERIFIED in row["cited_source"]:
        yield Fault(
            "memory",
            "Ce qui vient de mémoire n’est pas un lien : déplacez la ligne dans unsure.tsv.",
            "What comes from memory is no link: move the row to unsure.tsv.",
        )
    looked = verdict == NEGATIVE and row.iri("object_id") == NOT_FOUND
    if row.confidence is None and (row["confidence"] or not looked):
        yield Fault("confidence", "confidence n’est pas un nombre de 0 à 1.", "confidence is no number from 0 to 1.")
    elif verdict == POSITIVE and (row.confidence or 0) < SURE:
        yield Fault(
            "confidence",
            f"Une confiance de {row['confidence']} est inférieure à {SURE} : déplacez la ligne dans unsure.tsv.",
            f"A confidence of {row['confidence']} is below {SURE}: move the row to unsure.tsv.",
        )
    if verdict != POSITIVE and not row["comment"]:
        yield Fault("reason", "Le motif manque : dites dans comment pourquoi.", "The reason is missing: say why in comment.")


def about(verdict: str, row: Row, targets: Mapping[str, Target], subjects: Collection[str]) -> Iterator[Fault]:
    """Whether the two ends are what they should be, and may be so joined."""
    if row.subject and row.subject not in subjects:
        yield Fault(
            "subject",
            f"Les données ne décrivent pas {shorten(row.subject)} : corrigez subject_id.",
            f"The data don’t describe {shorten(row.subject)}: mend subject_id.",
        )
    if verdict == NEGATIVE and not row.negated and row.iri("object_id") != NOT_FOUND:
        yield Fault(
            "negation",
            "Une ligne négative dit predicate_modifier Not, ou object_id sssom:NoTermFound.",
            "A negative row says predicate_modifier Not, or object_id sssom:NoTermFound.",
        )
    if verdict != NEGATIVE and (row.negated or row.iri("object_id") == NOT_FOUND):
        yield Fault("negation", "Ce qui n’est pas un lien va dans negative.tsv.", "What is no link goes to negative.tsv.")
    yield from aimed(verdict, row, targets, subjects)


def aimed(verdict: str, row: Row, targets: Mapping[str, Target], subjects: Collection[str]) -> Iterator[Fault]:
    """Whether the object is one of the target's, and the predicate one that may be used for it."""
    source = row.iri("object_source")
    target = targets.get(source)
    if source == OWN and verdict == NEGATIVE:
        if row.object not in subjects:
            yield Fault("object", f"Les données ne décrivent pas {row.object}.", f"The data don’t describe {row.object}.")
        return
    if target is None:
        if source:
            said = row["object_source"]
            yield Fault(
                "target",
                f"object_source {said} n’est pas décrit dans {LINKS}/targets.ttl : corrigez-le ou décrivez-le.",
                f"object_source {said} isn’t described in {LINKS}/targets.ttl: mend it, or describe it.",
            )
        return
    if row.object and row.object != NOT_FOUND and not target.pattern.search(row.object):
        yield Fault(
            "object",
            f"« {row.object} » n’a pas la forme d’un identifiant de {target.title('fr')} ({target.pattern.pattern}).",
            f"“{row.object}” doesn’t look like an identifier of {target.title('en')} ({target.pattern.pattern}).",
        )
    if verdict != NEGATIVE and row.predicate and row.predicate not in target.predicates:
        allowed = ", ".join(sorted(map(shorten, target.predicates)))
        yield Fault(
            "predicate",
            f"{row['predicate_id']} ne relie pas à {target.title('fr')} : {allowed or 'aucune propriété'}.",
            f"{row['predicate_id']} doesn’t link to {target.title('en')}: {allowed or 'no property'}.",
        )


def repeated(told: Iterable[Told]) -> Iterator[tuple[Told, Fault]]:
    """Rows of one file that join the same two things as one before them."""
    seen: dict[tuple[str, ...], int] = {}
    for each in told:
        verdict, row = each
        pair = (verdict, row.subject, row.object if row.object != NOT_FOUND else row["object_source"])
        if (first := seen.setdefault(pair, row.line)) != row.line:
            yield (
                each,
                Fault("repeated", f"Même paire que ligne {first} : retirez l’une.", f"The same pair as on line {first}: remove one."),
            )


def contradicted(told: Iterable[Told]) -> Iterator[tuple[Told, Fault]]:
    """Rows whose pair another file judges otherwise; and what was found after all."""
    listed = list(told)
    held = {(row.subject, row.object): row.line for verdict, row in listed if verdict == POSITIVE}
    found = {(row.subject, row["object_source"]): row.line for verdict, row in listed if verdict == POSITIVE}
    for each in listed:
        verdict, row = each
        if verdict == POSITIVE:
            continue
        first = found.get((row.subject, row["object_source"])) if row.object == NOT_FOUND else held.get((row.subject, row.object))
        if first:
            yield (
                each,
                Fault(
                    "contradicted",
                    f"positive.tsv, ligne {first}, dit le contraire : retirez l’une des deux.",
                    f"positive.tsv, line {first}, says the contrary: remove one of the two.",
                ),
            )


def shared(told: Iterable[Told]) -> Iterator[tuple[Told, Fault]]:
    """Rows by which two of our things would be the same, as skos:exactMatch is transitive."""
    seen: dict[str, Row] = {}
    for each in told:
        verdict, row = each
        if verdict == POSITIVE and row.predicate in (iri("skos:exactMatch"), iri("owl:sameAs")):
            first = seen.setdefault(row.object, row)
            if first.subject != row.subject:
                yield (
                    each,
                    Fault(
                        "shared",
                        f"{first['subject_id']}, ligne {first.line}, est déjà identique à {row['object_id']} : prenez skos:closeMatch.",
                        f"{first['subject_id']}, line {first.line}, is the same as {row['object_id']} already: take skos:closeMatch.",
                    ),
                )


def of_row(verdict: str, row: Row, fault: Fault) -> Finding:
    """A fault of a row."""
    path, value = shorten(row.predicate) if row.predicate else "", row["object_id"] or row["object_label"]
    where = place(verdict, row.line)
    return Finding("violation", row.subject or row["subject_id"], f"links#{fault.rule}", path, value, messages(fault), where)


def of_file(verdict: str, fault: Fault) -> Finding:
    """A fault of a whole file."""
    return Finding("violation", f"{verdict}.tsv", f"links#{fault.rule}", "", "", messages(fault), place(verdict, 1))


def place(verdict: str, line: int) -> str:
    """Where to look."""
    return f"{LINKS}/{verdict}.tsv:{line}"


def messages(fault: Fault) -> dict[str, str]:
    """The messages by language."""
    return {"fr": fault.french, "en": fault.english}
