"""Runs a query that somebody sent (SPARQL 1.1 Protocol §2.1)."""

from territoires.errors import InvalidParameter
from territoires.knowledge.guard import refuse_federation
from territoires.results import WHOLE, Answer, Dataset
from territoires.store import Store


def run_query(store: Store, text: str, dataset: Dataset = WHOLE) -> Answer:
    """The answer to `text` over `dataset`. Raises QuerySyntaxError, QueryRefused, QueryFailed, InvalidParameter."""
    refuse_federation(text)
    try:
        return store.query(text, dataset)
    except ValueError as error:
        raise InvalidParameter(f"A graph IRI is not valid: {error}") from error
