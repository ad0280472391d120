"""What a client asks of the reconciliation: batches in the forms of the Reconciliation Service API 0.2 and 1.0-draft, read to questions.

0.2 §4.1: an object of queries by key. 1.0-draft §4.1: a list of queries, each a list of conditions. Whatever doesn't have the form is
refused in a sentence (InvalidParameter); whatever is too much, too (TooMuch). A text is read to its first 200 characters.
"""

import json
from collections.abc import Mapping
from math import isfinite
from typing import Any, cast

from flask_babel import gettext

from territoires.errors import InvalidParameter, TooMuch
from territoires.knowledge.folding import LONGEST
from territoires.knowledge.reconciliation import Condition, Quantifier, Question, Value

BATCH = 50
"""Queries in a batch at most: `batchSize` of the manifest."""
USUAL, MOST = 10, 50
"""Candidates for a query that doesn't say how many, and at most."""
MOST_IDS, MOST_PROPERTIES = 500, 30
"""Entities and properties in a data extension query at most."""
_MOST_CONDITIONS = 20


def read_json(text: str | bytes, what: str) -> Any:
    """The JSON in `text`. Raises InvalidParameter that names where it ends to be JSON; `what` is the parameter."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        at = getattr(error, "pos", 0)
        raise InvalidParameter(gettext("%(what)s isn’t JSON: see character %(at)s.", what=what, at=at)) from None


def read_batch(text: str) -> dict[str, Question]:
    """The questions of `queries` by their keys, in their order (0.2 §4.1). Raises InvalidParameter, TooMuch."""
    found = read_json(text, "queries")
    if not isinstance(found, dict):
        raise InvalidParameter(gettext("queries is a JSON object: to each key a query with “query” or “properties”."))
    check_size(len(found))
    return {key: read_query(query, key) for key, query in found.items()}


def read_single(text: str, arguments: Mapping[str, str]) -> Question:
    """The question of `query`: an object as in a batch, or a bare name beside `type` and `limit`."""
    if text.lstrip().startswith("{"):
        return read_query(read_json(text, "query"), "query")
    members: dict[str, object] = {"query": text}
    if kind := arguments.get("type", ""):
        members["type"] = kind
    if (limit := arguments.get("limit", "")).isdigit() and len(limit) < 9:
        members["limit"] = int(limit)
    return read_query(members, "query")


def check_size(count: int) -> None:
    """Raises TooMuch for a batch of so many queries, where that is more than the manifest allows."""
    if count > BATCH:
        raise TooMuch(
            gettext("A batch holds at most %(most)s queries (batchSize of the manifest); this one has %(count)s.", most=BATCH, count=count)
        )


def read_query(query: object, key: str) -> Question:
    """A query of 0.2."""
    if not isinstance(query, dict):
        raise refused(key, gettext("it is a JSON object with “query” or “properties”"))
    text = query.get("query")
    if text is not None and not isinstance(text, str | int | float):
        raise refused(key, gettext("“query” is a text"))
    told = query.get("properties") or []
    if not isinstance(told, list) or not all(isinstance(each, dict) and isinstance(each.get("pid"), str) and "v" in each for each in told):
        raise refused(key, gettext("“properties” is a list of objects with “pid” and “v”"))
    if not told and text is None:
        raise refused(key, gettext("it has neither “query” nor “properties”"))
    strict = query.get("type_strict", "should")
    if strict not in ("any", "all", "should"):
        raise refused(key, gettext("“type_strict” is any, all or should"))
    conditions = tuple(Condition(each["pid"], values(each["v"], key)) for each in told[:_MOST_CONDITIONS])
    return Question(texts(text), types(query.get("type"), key), strict, limit(query.get("limit"), key), (), conditions)


def read_match(body: bytes) -> list[Question]:
    """The questions of a body of /match (1.0-draft §4.1). Raises InvalidParameter, TooMuch."""
    found = read_json(body, gettext("The body"))
    queries = found.get("queries") if isinstance(found, dict) else None
    if not isinstance(queries, list):
        raise InvalidParameter(gettext("The body is a JSON object whose “queries” is a list."))
    check_size(len(queries))
    return [read_conditions(query, str(number)) for number, query in enumerate(queries)]


def read_conditions(query: object, key: str) -> Question:
    """A query of 1.0-draft."""
    conditions = query.get("conditions") if isinstance(query, dict) else None
    if not isinstance(query, dict) or not isinstance(conditions, list) or not conditions:
        raise refused(key, gettext("it is a JSON object with at least one of “conditions”"))
    kind = query.get("type")
    if kind is not None and not isinstance(kind, str):
        raise refused(key, gettext("“type” is the identifier of one type"))
    named: list[str] = []
    identified: list[str] = []
    told: list[Condition] = []
    for each in conditions[:_MOST_CONDITIONS]:
        match = each.get("matchType") if isinstance(each, dict) else None
        if match not in ("name", "id", "property") or "propertyValue" not in each:
            raise refused(key, gettext("a condition has “matchType” (name, id or property) and “propertyValue”"))
        found = values(each["propertyValue"], key)
        if match == "property":
            told.append(read_condition(each, found, key))
        else:
            (named if match == "name" else identified).extend(readable(str(value)) for value in found)
    return Question(tuple(filter(None, named)), types(kind, key), "any", limit(query.get("limit"), key), tuple(identified), tuple(told))


def read_condition(each: Mapping[str, Any], found: tuple[Value, ...], key: str) -> Condition:
    """A condition on a property."""
    name, quantifier = each.get("propertyId"), each.get("matchQuantifier", "any")
    if not isinstance(name, str) or not name:
        raise refused(key, gettext("a condition on a property has “propertyId”"))
    if quantifier not in ("any", "all", "none"):
        raise refused(key, gettext("“matchQuantifier” is any, all or none"))
    return Condition(name, found, each.get("required") is True, cast(Quantifier, quantifier))


def texts(text: object) -> tuple[str, ...]:
    """The text of a query as one to look for, or none."""
    plain = "" if text is None else readable(str(text))
    return (plain,) if plain else ()


def readable(text: str) -> str:
    """A text without what can't be shown or compared; the beginning of a long one."""
    return "".join(letter if letter.isprintable() else " " for letter in text[: 4 * LONGEST]).strip()[:LONGEST]


def types(asked: object, key: str) -> tuple[str, ...]:
    """The identifiers of types: one, several, or objects that have them."""
    many = asked if isinstance(asked, list) else [] if asked in (None, "") else [asked]
    found: list[Any] = [each.get("id") if isinstance(each, dict) else each for each in many[:_MOST_CONDITIONS]]
    if not all(isinstance(each, str) for each in found):
        raise refused(key, gettext("“type” is the identifier of a type, or a list of some"))
    return tuple(each for each in found if each)


def limit(asked: object, key: str) -> int:
    """How many candidates are wanted."""
    if asked is None or asked == 0:
        return USUAL
    if isinstance(asked, bool) or not isinstance(asked, int | float) or not isfinite(asked) or asked < 0 or asked != int(asked):
        raise refused(key, gettext("“limit” is a whole number above 0"))
    return min(int(asked), MOST)


def values(asked: object, key: str) -> tuple[Value, ...]:
    """The values of a property: texts, numbers, booleans; an entity by its identifier."""
    many = asked if isinstance(asked, list) else [asked]
    found: list[Any] = [each.get("id") if isinstance(each, dict) else each for each in many[:_MOST_CONDITIONS] if each is not None]
    if not all(isinstance(each, str | int | float) for each in found):
        raise refused(key, gettext("a value is a text, a number, a boolean, or an object with “id”"))
    return tuple(readable(each) if isinstance(each, str) else each for each in found)


def refused(key: str, why: str) -> InvalidParameter:
    """The fault of one query of a batch."""
    return InvalidParameter(gettext("Query “%(key)s” can’t be read: %(why)s.", key=key[:LONGEST], why=why))
