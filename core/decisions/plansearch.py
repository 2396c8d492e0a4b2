"""Choosing what to restore: greedy by gain for the price, swaps, the order of the first scores, and enumeration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Protocol

import numpy as np

from ..monitor import Monitor
from ..types import FloatArray
from .planpatches import members, set_of
from .planvalue import Value

MOST_ENUMERATED = 12
"""Candidates up to which all sets are tried."""

_MOST_WORK = 2_000_000_000
"""Distances to be searched for an enumeration, times the cells of the raster, beyond which it is left out."""


class Distances(Protocol):
    """The distances of links for sets of candidates: `LeastCosts` or `Circuits`."""

    start: FloatArray
    relevant: list[int]

    def distances(self, sets: Sequence[int]) -> FloatArray:
        """Return the exact distances with each set of candidates restored; shape (sets, links)."""

    def move(self, chosen: int) -> None:
        """Make a set the one that estimates and bundles start from."""

    def estimates(self, open_ones: Sequence[int]) -> FloatArray:
        """Return distances with each of some candidates restored as well, never below the true ones."""

    def bundles(self, open_ones: Sequence[int], price: FloatArray, purse: float) -> dict[int, FloatArray]:
        """Return sets that can be paid for, with distances that are never below the true ones."""


@dataclass(frozen=True)
class Taken:
    """Candidates taken at once, in order: one alone, or a bundle."""

    ones: tuple[int, ...]


@dataclass(frozen=True)
class _Option:
    taken: int
    price: float
    gain: float

    @property
    def order(self) -> tuple[float, float, list[int]]:
        """Rank by gain for the price; of equal ones the cheaper, then the first."""
        return (-self.gain / self.price, self.price, members(self.taken))


class Search:
    """The search for a plan.

    Parameters
    ----------
    distances : Distances
        Of the links for sets of candidates.
    value : Value
        What they are worth.
    price : float64, shape (m,)
        What each candidate costs.
    pool : int
        The candidates that can be taken.
    top : int
        How many options of the best estimate are tried exactly.
    monitor : Monitor
        Cancellation.
    """

    def __init__(
        self, distances: Distances, value: Value, price: FloatArray, pool: int, top: int, monitor: Monitor
    ) -> None:
        self._distances, self._value, self._price = distances, value, price
        self._pool, self._top, self._monitor = pool, top, monitor
        self._worth: dict[int, float] = {0: value.start}

    def worth(self, chosen: int) -> float:
        """Return the value of a set."""
        return self._worths([chosen])[0]

    def worth_of(self, choices: Sequence[Taken]) -> float:
        """Return the value of choices."""
        return self.worth(set_of([one for choice in choices for one in choice.ones]))

    def _worths(self, sets: Sequence[int]) -> list[float]:
        missing = [chosen for chosen in dict.fromkeys(sets) if chosen not in self._worth]
        if missing:
            for chosen, row in zip(missing, self._distances.distances(missing)):
                self._worth[chosen] = self._value(row)
        return [self._worth[chosen] for chosen in sets]

    def price_of(self, chosen: int) -> float:
        """Return what a set costs."""
        return float(self._price[members(chosen)].sum())

    def _open(self, chosen: int, purse: float) -> list[int]:
        return [one for one in members(self._pool & ~chosen) if self._price[one] <= purse * (1.0 + 1e-9)]

    def _options(self, chosen: int, purse: float) -> list[_Option]:
        """Return what can be taken beside a set for what is left, with estimates of the gain."""
        self._distances.move(chosen)
        there = self._open(chosen, purse)
        now = self.worth(chosen)
        found = dict(zip((1 << one for one in there), self._distances.estimates(there)))
        for some, row in self._distances.bundles(there, self._price, purse).items():
            for one in members(some):
                row = np.minimum(row, found[1 << one])
            found[some] = np.minimum(row, found.get(some, row))
        start = self._distances.distances([chosen])[0]
        options = []
        for some, row in found.items():
            if (row < start).any():
                gain = self._value(row) - now
                if gain > self._value.least:
                    options.append(_Option(some, self.price_of(some), gain))
        return options

    def _exact(self, chosen: int, options: Sequence[_Option]) -> list[_Option]:
        now = self.worth(chosen)
        worths = self._worths([chosen | option.taken for option in options])
        return [_Option(option.taken, option.price, worth - now) for option, worth in zip(options, worths)]

    def extend(self, choices: list[Taken], budget: float, monitor: Monitor) -> list[Taken]:
        """Return choices with more after them: always what gains most for its price, until nothing fits or gains."""
        choices = list(choices)
        chosen = set_of([one for choice in choices for one in choice.ones])
        while True:
            spent = self.price_of(chosen)
            monitor.step(min(spent, budget), budget)
            options = sorted(self._options(chosen, budget - spent), key=lambda option: option.order)
            exact = self._exact(chosen, options[: self._top])
            best = min(exact, key=lambda option: option.order, default=None)
            if best is None or not best.gain > self._value.least:
                return choices
            choices.append(Taken(tuple(members(best.taken))))
            chosen |= best.taken

    def swapped(self, choices: list[Taken], fixed: int, budget: float, monitor: Monitor) -> list[Taken]:
        """Return choices after one pass of swaps: each candidate goes for another where the value rises.

        A bundle of which a member is swapped comes apart.
        """
        singles = [(one, choice) for choice in choices for one in choice.ones]
        for place in range(len(singles)):
            monitor.step(place, len(singles))
            one = singles[place][0]
            if fixed >> one & 1:
                continue
            chosen = set_of([other for other, _ in singles])
            without = chosen & ~(1 << one)
            options = [
                option
                for option in self._options(without, budget - self.price_of(without))
                if not option.taken >> one & 1 and option.taken & (option.taken - 1) == 0
            ]
            options.sort(key=lambda option: (-option.gain, option.price, option.taken))
            exact = self._exact(without, options[: self._top])
            best = max(exact, key=lambda option: option.gain, default=None)
            if best and self.worth(without | best.taken) - self.worth(chosen) > self._value.least:
                new = members(best.taken)[0]
                singles = [(old, Taken((old,)) if choice is singles[place][1] else choice) for old, choice in singles]
                singles[place] = (new, Taken((new,)))
        return list(dict.fromkeys(choice for _, choice in singles))

    def ordered(self, choices: list[Taken], start: list[Taken], monitor: Monitor) -> list[Taken]:
        """Return choices in the order in which they would be taken were there no others; what adds nothing is left out."""
        pool = set_of([one for choice in choices for one in choice.ones])
        among = Search(self._distances, self._value, self._price, pool, self._top, self._monitor)
        among._worth = self._worth
        return among.extend(start, self.price_of(pool), monitor)

    def first_order(self, fixed: int) -> list[int]:
        """Return the candidates that gain at the start by estimated gain for the price, those that are locked in first."""
        singles = [
            option for option in self._options(0, float(self._price.sum())) if option.taken & (option.taken - 1) == 0
        ]
        singles.sort(key=lambda option: option.order)
        ordered = [members(option.taken)[0] for option in singles]
        first = [one for one in ordered if fixed >> one & 1]
        first += [one for one in members(fixed) if one not in first]
        return first + [one for one in ordered if not fixed >> one & 1]

    def static(self, order: Sequence[int], budget: float) -> int:
        """Return the set that an order of scores buys: each in turn that still fits."""
        chosen, spent = 0, 0.0
        for one in order:
            if spent + self._price[one] <= budget * (1.0 + 1e-9):
                chosen |= 1 << one
                spent += float(self._price[one])
        return chosen

    def best_of_all(self, fixed: int, budgets: Sequence[float], cells: int, monitor: Monitor) -> list[int] | None:
        """Return the best set for each budget by trying all; None where these are too many.

        As nothing that is restored does harm, only sets need trying to which nothing can be added.
        """
        free = members(self._pool & ~fixed)
        if len(free) > MOST_ENUMERATED:
            return None
        sets: list[tuple[int, float]] = []
        for pattern in range(1 << len(free)):
            chosen = fixed | set_of([one for place, one in enumerate(free) if pattern >> place & 1])
            price = self.price_of(chosen)
            rest = min((self._price[one] for one in free if not chosen >> one & 1), default=np.inf)
            if any(price <= budget * (1.0 + 1e-9) and price + rest > budget * (1.0 + 1e-9) for budget in budgets):
                sets.append((chosen, price))
        wanted = sum(len({chosen & some for chosen, _ in sets}) for some in self._distances.relevant)
        if wanted * cells > _MOST_WORK:
            return None
        worths = []
        for done, (chosen, _) in enumerate(sets):
            monitor.step(done, len(sets))
            worths.append(self.worth(chosen))
        best = []
        for budget in budgets:
            within = [place for place, (_, price) in enumerate(sets) if price <= budget * (1.0 + 1e-9)]
            best.append(sets[max(within, key=lambda place: worths[place])][0])
        return best


def named(choices: Sequence[Taken], fixed: int) -> list[tuple[int, str]]:
    """Return the candidates in order, each with why it was taken: alone, in which bundle, or because it was locked in.

    Examples
    --------
    >>> named([Taken((4,)), Taken((0, 2)), Taken((1,))], fixed=0b10000)
    [(4, 'locked in'), (0, 'bundle 1'), (2, 'bundle 1'), (1, 'alone')]
    """
    bundles = count(1)
    found = []
    for choice in choices:
        why = "alone" if len(choice.ones) == 1 else f"bundle {next(bundles)}"
        found += [(one, "locked in" if fixed >> one & 1 else why) for one in choice.ones]
    return found
