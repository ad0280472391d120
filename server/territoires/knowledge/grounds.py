"""Why a candidate was found, and what it is, in French or English."""

from typing import NamedTuple

from territoires.knowledge.records import Record

_PHRASES = {
    "fr": {
        "code": "code « {0} »",
        "zero": "il manquait le zéro du début : {0}",
        "same": "même nom",
        "full": "même nom que « {0} », aux accents, tirets, majuscules et abréviations près",
        "bare": "même nom que « {0} », à l’article près",
        "loose": "même nom que « {0} », aux petits mots près",
        "core": "même nom que « {0} », sans le type d’organisme",
        "misprint": "nom proche de « {0} » : lettres différentes, {1}",
        "part": "mots communs avec « {0} »",
        "former": "ancien nom : « {0} »",
        "acronym": "sigle : « {0} »",
        "genre": "autre type d’organisme : « {0} »",
        "commune-deleguee": "{0} est une commune déléguée de {1}",
        "commune-associee": "{0} est une commune associée de {1}",
        "arrondissement-municipal": "{0} est un arrondissement de {1}",
        "ancienne-commune": "{0} n’existe plus : le territoire relève de {1}",
        "ended": "connu jusqu’en {0}",
        "others": "d’autres communes de France portent ce nom : {0}",
        "here": "se trouve bien dans « {0} »",
        "elsewhere": "se trouve ailleurs que dans « {0} » : {1}",
        "unknown": "contexte non compris : « {0} »",
    },
    "en": {
        "code": "code “{0}”",
        "zero": "the zero at the beginning was missing: {0}",
        "same": "same name",
        "full": "same name as “{0}” but for accents, hyphens, case and abbreviations",
        "bare": "same name as “{0}” but for the article",
        "loose": "same name as “{0}” but for small words",
        "core": "same name as “{0}” without the kind of body",
        "misprint": "name near to “{0}”: letters that differ, {1}",
        "part": "words in common with “{0}”",
        "former": "former name: “{0}”",
        "acronym": "acronym: “{0}”",
        "genre": "another kind of body: “{0}”",
        "commune-deleguee": "{0} is a delegated commune of {1}",
        "commune-associee": "{0} is an associated commune of {1}",
        "arrondissement-municipal": "{0} is an arrondissement of {1}",
        "ancienne-commune": "{0} is no more: its territory belongs to {1}",
        "ended": "known until {0}",
        "others": "other communes of France bear this name: {0}",
        "here": "does lie in “{0}”",
        "elsewhere": "lies elsewhere than in “{0}”: {1}",
        "unknown": "context not understood: “{0}”",
    },
}
KINDS = {
    "fr": {
        "commune": "commune",
        "commune-deleguee": "commune déléguée",
        "commune-associee": "commune associée",
        "arrondissement-municipal": "arrondissement municipal",
        "ancienne-commune": "ancienne commune",
        "intercommunalite": "intercommunalité",
        "departement": "département",
        "region": "région",
        "arrondissement": "arrondissement",
        "territoire": "territoire",
        "cluster": "cluster",
        "collectivite": "collectivité",
        "organisation": "organisation",
        "dispositif": "dispositif",
        "notion": "notion",
    },
    "en": {
        "commune": "commune",
        "commune-deleguee": "delegated commune",
        "commune-associee": "associated commune",
        "arrondissement-municipal": "municipal arrondissement",
        "ancienne-commune": "former commune",
        "intercommunalite": "inter-municipality",
        "departement": "département",
        "region": "région",
        "arrondissement": "arrondissement",
        "territoire": "territory",
        "cluster": "cluster",
        "collectivite": "local authority",
        "organisation": "organisation",
        "dispositif": "programme",
        "notion": "notion",
    },
}


class Ground(NamedTuple):
    """A reason, by its name in the list of phrases, and what it speaks of."""

    name: str
    first: "str | int | Record" = ""
    second: "str | int | Record" = ""


def told(ground: Ground, language: str) -> str:
    """A reason in words."""
    values = [f"{each.name} ({each.code('insee')})" if isinstance(each, Record) else each for each in ground[1:]]
    return _PHRASES[language][ground.name].format(*values)


def described(record: Record, where: str, language: str) -> str:
    """What tells a record from its homonyms: kind, départements, code."""
    code = record.code("insee") or record.code("siren")
    until = record.names[0].until
    ended = _PHRASES[language]["ended"].format(until) if until else ""
    return ", ".join(filter(None, (KINDS[language][record.kind], where, code, ended)))
