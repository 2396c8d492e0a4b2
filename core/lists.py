"""Lists in a line of text, read as people write them: the one place that takes such a line apart."""

from __future__ import annotations

import math
import re
import unicodedata

from .errors import InputError

_SEPARATOR = re.compile(r"\s*[,;、]\s*")
_SEPARATOR_OR_BLANK = re.compile(r"\s*[,;、]\s*|\s+")
_DECIMAL_COMMA = re.compile(r"(?<=\d),(?=\d)")
_THOUSANDS = re.compile(r"^[+-]?[1-9]\d{0,2},\d{3}$")

_ANSWERS = {
    **dict.fromkeys(("yes", "y", "true", "1", "是"), True),
    **dict.fromkeys(("no", "n", "false", "0", "否"), False),
}


def plain_text(text: str) -> str:
    """Return a text with its full-width digits, commas, semicolons and signs as plain ones, and one kind of minus."""
    return unicodedata.normalize("NFKC", text).replace("\u2212", "-")


def split_list(text: str, *, blanks: bool = True) -> list[str]:
    """Return the entries of a list; those between two separators without anything are empty.

    Parameters
    ----------
    text : str
        Entries with commas, semicolons, full-width or enumeration commas between them, and where `blanks` also blanks or
        line ends. A separator at the end is nothing.
    blanks : bool
        False for names, which may hold blanks.

    Examples
    --------
    >>> split_list("1， 2、5-7; 9")
    ['1', '2', '5-7', '9']
    """
    tidy = re.sub(r"[\s,;、]+$", "", plain_text(text if blanks else text.replace("\n", ";")).strip())
    return (_SEPARATOR_OR_BLANK if blanks else _SEPARATOR).split(tidy) if tidy else []


def split_pairs(text: str, what: str) -> dict[str, str]:
    """Return the names in a line of text with what each is given, such as ``built-up = 8; water = 6, 61``.

    Semicolons or line ends part the pairs, since commas may part what a name is given.

    Raises
    ------
    InputError
        If an entry is no pair, or a name is given twice; `what` names the pairs in the message.

    Examples
    --------
    >>> split_pairs("built-up = 8； water＝6, 61;", "Classes")
    {'built-up': '8', 'water': '6, 61'}
    """
    pairs: dict[str, str] = {}
    for entry in filter(str.strip, re.split(r"[;\n]", plain_text(text))):
        name, _, given = (part.strip() for part in entry.partition("="))
        if not name or not given:
            raise InputError(
                f"{what}: '{entry.strip()}' is not a name and what it is given. Write name = ...; name = ...."
            )
        if name in pairs:
            raise InputError(f"{what}: '{name}' is given twice.")
        pairs[name] = given
    return pairs


def value_text(value: object) -> str:
    """Return an id, code or class as the text by which values of different tables are matched: 3, 3.0 and ' 3' are the same.

    Examples
    --------
    >>> value_text(3.0), value_text(" 3"), value_text(2.5)
    ('3', '3', '2.5')
    """
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()


def parse_answers(text: str, what: str) -> list[bool]:
    """Return the answers in a line of text, each yes or no, true or false, 1 or 0.

    Raises
    ------
    InputError
        If something in it is no answer; `what` names the answers in the message.

    Examples
    --------
    >>> parse_answers("yes, no 1", "Answers")
    [True, False, True]
    """
    answers = []
    for place, part in enumerate(split_list(text), start=1):
        if part.casefold() not in _ANSWERS:
            raise InputError(f"{what}, number {place} is '{part}'. Write yes or no (or 1 or 0) for each.")
        answers.append(_ANSWERS[part.casefold()])
    return answers


def parse_number(cell: object, place: str) -> float | None:
    """Return the number in a table cell, or None where the cell is empty.

    Decimal commas are read as such. A number like ``1,234`` can mean two things and is refused.

    Raises
    ------
    InputError
        If the cell holds something else than a number.
    """
    if cell is None:
        return None
    if isinstance(cell, str):
        text = plain_text(cell).strip()
        if not text or text.upper() in ("NULL", "NONE", "NA"):
            return None
        if _THOUSANDS.match(text):
            raise InputError(
                f"{place}: '{text}' can be read as {text.replace(',', '.')} or as {text.replace(',', '')}. "
                "Write it with a decimal point, and without a thousands separator."
            )
        if text.count(",") == 1 and "." not in text:
            text = text.replace(",", ".")
        try:
            number = float(text)
        except ValueError:
            raise InputError(f"{place}: '{cell}' is not a number. Write digits only, without the unit.") from None
    else:
        try:
            number = float(cell)  # type: ignore[arg-type]
        except (TypeError, ValueError):
            raise InputError(f"{place}: '{cell}' is not a number.") from None
    return None if math.isnan(number) else number


def parse_numbers(text: str, what: str) -> list[float]:
    """Return the numbers in a line of text.

    A comma parts two numbers, as in ``60,40``. It is a decimal comma only where it can be nothing else: it stands between
    two digits and no number has two or a point, while semicolons part the numbers (``1,5; 2,5``), or blanks where one
    begins with ``0,``. With blanks alone (``1,5 2,5``) it can be both, and is refused.

    Raises
    ------
    InputError
        If something in it is not a finite number; `what` names the numbers in the message.

    Examples
    --------
    >>> parse_numbers("60,40", "Weights")
    [60.0, 40.0]
    >>> parse_numbers("0,35 0,65", "Weights")
    [0.35, 0.65]
    """
    tidy = re.sub(r"[\s,;、]+$", "", plain_text(text).strip())
    parted = re.split(r"[;、\s]+", tidy)
    decimal = "," in tidy and len(parted) > 1 and all("." not in part and part.count(",") <= 1 for part in parted)
    decimal = decimal and tidy.count(",") == len(_DECIMAL_COMMA.findall(tidy))
    if decimal and not re.search(r"[;、]|(?<!\d)0,", tidy):
        raise InputError(
            f"{what}: '{tidy}' can be read with decimal commas or with commas between the numbers. Write decimal points, "
            "or semicolons between the numbers."
        )
    numbers = []
    for place, part in enumerate(parted if decimal else split_list(tidy), start=1):
        number = parse_number(part, f"{what}, number {place}")
        if number is None:
            raise InputError(f"{what}, number {place} is empty.")
        if math.isinf(number):
            raise InputError(f"{what}, number {place} is {part}; it must be finite.")
        numbers.append(number)
    return numbers
