"""What the validation in the background found last (knowledge/revalidating.py), as the page on quality shows it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from flask_babel import format_datetime, gettext

from territoires.knowledge.findings import Finding
from territoires.knowledge.revalidating import outcome_in
from territoires.store.releases import kept_release
from territoires.web.language import current_language
from territoires.web.naming import Namer, Value, namer
from territoires.web.service import service


@dataclass(frozen=True)
class ShownFinding:
    """A finding: how grave, of which thing, by which rule (its place on the page of the rules), and what to do."""

    severity: str
    thing: Value
    anchor: str
    message: str


@dataclass(frozen=True)
class Validation:
    """The last run, and the last commit that readers see."""

    last: int
    commit: int = 0
    """The last commit that the run took in; 0 where there was no run."""
    ended: str = ""
    when: str = ""
    violations: int = 0
    warnings: int = 0
    findings: tuple[ShownFinding, ...] = ()
    more: int = 0
    """Findings that aren't kept."""
    fault: str = ""

    @property
    def mark(self) -> str:
        """What tells it from another one."""
        return f"{self.last} {self.commit} {self.ended}"


def validation_shown() -> Validation | None:
    """What there is to show; None where this service takes no contributions."""
    settings = service().settings
    if settings.contributions is None or settings.store:
        return None
    release = kept_release(settings.releases, service().store.revision)
    if release is not None and not release.merged:
        return None
    last = (release.commit or release.journal) if release else 0
    outcome = outcome_in(settings.contributions)
    if outcome is None:
        return Validation(last)
    names = namer(each.node for each in outcome.findings if is_iri(each.node))
    return Validation(
        last,
        outcome.commit,
        outcome.ended,
        str(format_datetime(datetime.fromisoformat(outcome.ended), "long")),
        outcome.violations,
        outcome.warnings,
        tuple(shown(outcome.findings, names)),
        outcome.concerning - len(outcome.findings),
        outcome.fault,
    )


def shown(findings: Iterable[Finding], names: Namer) -> Iterable[ShownFinding]:
    """The findings in the reader's words."""
    for each in findings:
        thing = names.named(each.node) if is_iri(each.node) else Value(gettext("a thing without an address"))
        anchor = each.rule.rpartition("#")[2] if is_iri(each.rule) else ""
        yield ShownFinding(each.severity.capitalize(), thing, anchor, each.message(current_language()))


def is_iri(text: str) -> bool:
    """Whether a node has an IRI, and isn't blank."""
    return ":" in text
