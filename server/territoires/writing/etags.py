"""Entity tags of the content of a graph (RFC 9110 §8.8.3), the same for who reads it and for who writes, in whichever order it comes."""

from collections.abc import Iterable
from hashlib import sha256

_MODULUS = 1 << 256


def etag_of(triples: Iterable[str]) -> str:
    """The tag of a graph that holds these triples, each in N-Triples without its full stop, none twice: 64 hexadecimal digits."""
    return f"{sum(int.from_bytes(sha256(triple.encode()).digest()) for triple in triples) % _MODULUS:064x}"


def content_tag(tag: str) -> str:
    """What an entity tag says of the content: ours are that, a full stop, and the format and coding of the representation."""
    return tag.strip().strip('"').partition(".")[0]


def matches(tags: Iterable[str], etag: str, there: bool) -> bool:
    """Whether one of the tags, or `*`, names the graph of that content, if it is `there` (RFC 9110 §13.1.1, §13.1.2)."""
    return there and any(tag.strip() == "*" or content_tag(tag) == etag for tag in tags)
