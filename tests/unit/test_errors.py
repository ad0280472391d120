"""Errors, which travel between processes and are told in two languages."""

import pytest

from territoires import errors
from territoires.store.forking import fault
from territoires.store.frames import FAULT, Frame, told


@pytest.mark.parametrize(
    "error",
    [
        errors.WriteRefused("Name a graph below %(place)s.", place="http://example.org/100%/"),
        errors.QueryRefused("The engine says 100% no."),
        errors.QuerySyntaxError("expected }", 2, 9),
        errors.QuerySyntaxError("The blank node %(label)s stands twice", 2, 9, label="_:a"),
        errors.QueryTimeout("Ended at %(seconds)s seconds.", 0.5),
        errors.Overloaded("Too many.", 7),
        errors.BudgetSpent("You have used your %(seconds)s seconds.", 7, seconds="30"),
        errors.ShapesViolated("Broken in %(count)s places.", "<urn:s> <urn:p> 1 .", count=2),
        errors.UnknownRevision("r1"),
        errors.RevisionGone("r1"),
        errors.NotKnownThen("Not on that day.", ("2016-01-01",), ("urn:other",)),
    ],
    ids=lambda error: type(error).__name__,
)
def test_travels(error: errors.TerritoiresError) -> None:
    """What arrives over a socket is the error that was raised: kind, text, values and what else it tells."""
    arrived = fault(Frame(FAULT, told(error)))
    assert type(arrived) is type(error) and str(arrived) == str(error)
    assert {name: tuple(value) if isinstance(value, list) else value for name, value in vars(arrived).items()} == vars(error)


def test_text() -> None:
    """A text has its values in their places; one without values is left as it is."""
    assert str(errors.WriteRefused("Name %(graph)s.", graph="<urn:g>")) == "Name <urn:g>."
    assert str(errors.QueryRefused("100%(sic)")) == "100%(sic)"
    assert str(errors.QueryTimeout("Ended at %(seconds)s seconds.", 2.0)) == "Ended at 2 seconds."
