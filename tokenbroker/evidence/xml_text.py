"""Text as XML can hold it."""

import re
from typing import Final

# XML 1.0 section 2.2, the characters that no escape can bring into a document.
_ILLEGAL: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def xml_text(text: str) -> str:
    """`text` with the replacement character for each one that XML can't hold; markup is not escaped."""
    return _ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", text)
