"""Text from a file, made safe for a terminal, which takes some characters for commands."""

import unicodedata

_HARMLESS = "\n\t"
_UNPRINTED = ("Cc", "Cf", "Cs", "Zl", "Zp")  # controls, direction marks, halves of a surrogate, separators


def printable(text: str) -> str:
    """``text`` with a replacement character for everything that is no character to be seen.

    >>> printable("a\\x1b[2Jb")
    'a�[2Jb'
    """
    if text.isprintable():
        return text
    return "".join(
        "\N{REPLACEMENT CHARACTER}"
        if unicodedata.category(character) in _UNPRINTED and character not in _HARMLESS
        else character
        for character in text
    )
