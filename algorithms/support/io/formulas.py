"""Texts that a spreadsheet would take for formulas: they are written after an apostrophe, and read back without it."""

from __future__ import annotations

import re

_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a text begins with that a spreadsheet takes for a formula; the wide signs where it speaks Chinese or Japanese."""

_PLAIN = re.compile(r"[+-]|[+-]?[0-9]*[.,]?[0-9]+([eE][+-]?[0-9]+)?")
"""A lone sign or a number."""


def guard(text: str) -> str:
    """Return a text for a spreadsheet; one like a formula gets an apostrophe before it, as the guide of OWASP has it.

    Numbers written as text stay.
    """
    return f"'{text}" if _is_formula(text) else text


def unguard(text: str) -> str:
    """Return a text as it was before `guard`."""
    return text[1:] if text[:1] == "'" and _is_formula(text[1:]) else text


def _is_formula(text: str) -> bool:
    return text[:1] in _SIGNS and not _PLAIN.fullmatch(text)
