"""What can go wrong, in the terms of the domain. Nothing here knows HTTP: `web.errors` maps these to statuses, and tells them in French."""


class TerritoiresError(Exception):
    """A fault that a person can mend; its text says what is wrong and what to do. `%(name)s` in it stands for one of the values."""

    work = 0.0
    """Seconds that a query had been worked on before it; waiting for its turn is no work."""

    def __init__(self, text: str, /, **values: object) -> None:
        super().__init__(text)
        self.text, self.values = text, values

    def __str__(self) -> str:
        return self.text % self.values if self.values else self.text


class InvalidSetting(TerritoiresError):
    """An environment variable or option holds a value that can't be used."""


class SourceError(TerritoiresError):
    """A source file is missing, can't be read, or doesn't parse; the text names file and line."""


class ImportFailed(TerritoiresError):
    """What is to be imported can't be had, or isn't what it should be."""


class ValidationFailed(TerritoiresError):
    """The data break a SHACL shape of severity Violation."""


class NoRelease(TerritoiresError):
    """There is no built release to serve."""


class StoreUnavailable(TerritoiresError):
    """The store can't answer now: not the same as an unknown resource."""


class NoSpace(StoreUnavailable):
    """The disk has no space for what is to be kept; nothing of it was."""


class FateUnknown(StoreUnavailable):
    """Whoever writes broke off while a write was being kept: nobody knows whether it was."""


class WriteFailed(StoreUnavailable):
    """A write came to nothing, or nobody knows whether it was kept: the text says which, to the one who sent it."""


class JournalDamaged(TerritoiresError):
    """The journal doesn't hold what was written to it; the text says where, and what to do."""


class BackupFailed(TerritoiresError):
    """A backup can't be made, isn't whole, or can't be brought back."""


class WriteRefused(TerritoiresError):
    """That graph can't be written to, or not with this key."""


class ShapesViolated(TerritoiresError):
    """The write would break the shapes; `report` is the SHACL validation report in N-Triples."""

    def __init__(self, text: str, /, report: str, **values: object) -> None:
        super().__init__(text, **values)
        self.report = report


class PreconditionFailed(TerritoiresError):
    """The graph isn't as the request says that it must be (If-Match, If-None-Match)."""


class UndoConflict(TerritoiresError):
    """What a commit did has been changed since, so that it can't be undone alone."""


class NotInGraphStore(TerritoiresError):
    """The graph store holds no such graph."""


class UnknownResource(TerritoiresError):
    """No statement is known about the IRI."""

    def __init__(self, iri: str) -> None:
        super().__init__("No statement is known about %(iri)s.", iri=iri)


class UnknownRevision(TerritoiresError):
    """Readers never saw a revision of that name."""

    _TEXT = "Nobody has seen a revision %(revision)s here: /versions and /history list those there are."

    def __init__(self, revision: str) -> None:
        super().__init__(self._TEXT, revision=revision)


class RevisionGone(UnknownRevision):
    """Readers saw it once, and its release is no longer kept."""

    _TEXT = "The release of revision %(revision)s is no longer kept: /versions lists those that are."


class NotKnownThen(TerritoiresError):
    """The thing is known, but not on that day; `known` are the days that are known (ISO 8601), `instead` what was there then."""

    def __init__(self, text: str, /, known: tuple[str, ...] = (), instead: tuple[str, ...] = (), **values: object) -> None:
        super().__init__(text, **values)
        self.known = known
        self.instead = instead


class NoMore(NotKnownThen):
    """The thing was no more on that day."""


class UnknownQuery(TerritoiresError):
    """No stored query bears that name."""


class QuerySyntaxError(TerritoiresError):
    """The text is no SPARQL 1.1 query. `line` and `column` count from 1, where they are known."""

    def __init__(self, text: str, /, line: int | None = None, column: int | None = None, **values: object) -> None:
        super().__init__(text, **values)
        self.line = line
        self.column = column


class QueryRefused(TerritoiresError):
    """The query is well formed, but this service doesn't run its kind (federation, say)."""


class QueryFailed(TerritoiresError):
    """The query was run and stopped with an error."""


class FormatRefused(TerritoiresError):
    """The answer holds what the format that was asked for can't hold."""


class QueryTimeout(TerritoiresError):
    """The query reached its deadline (`seconds`) and was ended."""

    def __init__(self, text: str, /, seconds: float, **values: object) -> None:
        super().__init__(text, seconds=f"{seconds:g}", **values)
        self.seconds = seconds


class QueryStopped(TerritoiresError):
    """The query was ended before its answer was whole: too much memory, or the engine broke."""


class Overloaded(TerritoiresError):
    """So many queries are waiting that this one would not be answered in time; `retry_after` is in seconds."""

    def __init__(self, text: str, /, retry_after: int = 5, **values: object) -> None:
        super().__init__(text, **values)
        self.retry_after = retry_after


class BudgetSpent(Overloaded):
    """This client has used up the seconds of work that are its share."""


class InvalidParameter(TerritoiresError):
    """A parameter's value can't be used."""


class SearchUnavailable(TerritoiresError):
    """There is no search index for what is served, and none can be made: it says too much."""


class GazetteerUnavailable(TerritoiresError):
    """There is no gazetteer for what is served, or it can't be read."""


class TooMuch(TerritoiresError):
    """More is asked for at once than is answered; the text says how much is."""


class TableError(TerritoiresError):
    """A table that somebody brought can't be read, or lacks what was asked for; the text names file, line and column."""
