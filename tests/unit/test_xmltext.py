"""XML as the engine writes it, made safe: whole or in parts."""

import io

import pytest

from territoires.errors import FormatRefused
from territoires.xmltext import XmlWriter, xml_safe


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_parts(size: int) -> None:
    """However the text is cut, the same bytes go on."""
    text = "<a>é\r\n\t\uff5e\ufffd 😀</a>".encode()
    target = io.BytesIO()
    writer = XmlWriter(target)
    assert sum(writer.write(text[start : start + size]) for start in range(0, len(text), size)) == len(text)
    writer.flush()
    assert target.getvalue() == xml_safe(text) == text.replace(b"\r", b"&#13;")


@pytest.mark.parametrize("size", [1, 2, 3, 100])
@pytest.mark.parametrize("character", ["\0", "\x0b", "\x1f", "\ufffe", "\uffff"])
def test_forbidden(size: int, character: str) -> None:
    """What XML can't hold is refused and named, even when its bytes come one by one."""
    text = f"<a>{character}</a>".encode()
    writer = XmlWriter(io.BytesIO())
    with pytest.raises(FormatRefused, match=f"U\\+{ord(character):04X}"):
        for start in range(0, len(text), size):
            writer.write(text[start : start + size])
