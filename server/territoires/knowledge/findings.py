"""What a check finds."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One fault: which node, which rule, what to do, which file says it."""

    severity: str
    node: str
    rule: str
    path: str
    value: str
    messages: dict[str, str]
    file: str

    def message(self, language: str) -> str:
        """What to do, in that language, else in any."""
        return self.messages.get(language) or next(iter(self.messages.values()), "")
