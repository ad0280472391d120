"""Makes what the engine writes as XML hold what it was given (XML 1.0 §2.2, §2.11).

The engine writes every character as it is. A carriage return would be read back as a line feed, so it goes out as a reference; other
control characters and the two non-characters can't stand in XML at all, and an answer that holds one is refused, not mended.
"""

import re
from typing import BinaryIO

from territoires.errors import FormatRefused

_FORBIDDEN = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\xef\xbf[\xbe\xbf]")
_BEGUN = re.compile(rb"\xef\xbf?\Z")


def xml_safe(data: bytes) -> bytes:
    """XML that the engine has written, with its carriage returns as references. Raises FormatRefused."""
    if found := _FORBIDDEN.search(data):
        raise FormatRefused(
            "The answer holds the character %(character)s, which XML can't: ask for another format.",
            character=f"U+{ord(found[0].decode()):04X}",
        )
    return data.replace(b"\r", b"&#13;")


class XmlWriter:
    """A file that XML is written to part by part, and that passes it on safe."""

    def __init__(self, target: BinaryIO) -> None:
        self._target = target
        self._kept = b""

    def write(self, data: bytes) -> int:
        """Passes a part on; the beginning of a character that may be forbidden waits for its end."""
        whole = self._kept + bytes(data)
        begun = _BEGUN.search(whole)
        cut = begun.start() if begun else len(whole)
        self._kept = whole[cut:]
        self._target.write(xml_safe(whole[:cut]))
        return len(data)

    def flush(self) -> None:
        """Passes on what was written; XML never ends within a character."""
        self._target.flush()
