"""Whether one wording did better than another by more than chance: the test of two proportions."""

from __future__ import annotations

from math import erfc, sqrt


def p_value(first: tuple[int, int], second: tuple[int, int]) -> float | None:
    """How likely a difference this large is by chance alone (two-sided z-test, pooled); None where nothing can be said.

    Each is (those who did, all). With fewer than five who did or did not the approximation does not hold.
    """
    (done, all_), (other_done, other_all) = first, second
    if not all_ or not other_all:
        return None
    pooled = (done + other_done) / (all_ + other_all)
    if min(pooled, 1 - pooled) * min(all_, other_all) < 5:
        return None
    spread = sqrt(pooled * (1 - pooled) * (1 / all_ + 1 / other_all))
    return erfc(abs(done / all_ - other_done / other_all) / spread / sqrt(2))


def in_words(chance: float | None) -> str:
    """The same as a person says it."""
    if chance is None:
        return "Too few to tell"
    if chance < 0.01:
        return "Clearly better: by chance in less than 1 of 100 cases"
    if chance < 0.05:
        return f"Better: by chance in {chance:.0%} of cases"
    return f"May be chance: it happens so in {chance:.0%} of cases"
