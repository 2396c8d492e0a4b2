"""Texts with names that others gave, where these could turn the writing round or be taken for markup."""

from __future__ import annotations

import html
import re

_TURNS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Signs that turn the direction of all that follows; Arabic and Hebrew letters turn by themselves."""

_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_JOINER = "\u2060"


def upright(text: str) -> str:
    """Return a text in which no name turns round what comes after it."""
    return _TURNS.sub("", text)


def escape(text: str, quote: bool = True) -> str:
    """Return a text for HTML or SVG."""
    return html.escape(upright(text), quote)


def for_a_box(text: str) -> str:
    """Return a text for a message box of Qt, which takes one with a tag in it for HTML: tags get an invisible sign."""
    return _TAG.sub(f"<{_JOINER}", upright(text))
