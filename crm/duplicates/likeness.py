"""How alike two contacts are: points with their reasons, and the keys that people who are alike share."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from difflib import SequenceMatcher

ENOUGH = 50
"""Points from which two are shown as one person."""
FREE_MAIL = {"gmail.com", "googlemail.com"}


@dataclass(frozen=True)
class Person:
    """What two people are compared by."""

    id: int
    sort_name: str
    email: str | None
    phone: str | None
    birthday: date | None
    city: str | None

    @property
    def words(self) -> tuple[str, ...]:
        """The words of the name, in no particular order; an address is no name."""
        return () if "@" in self.sort_name else tuple(sorted(re.findall(r"[^\W\d_]+", self.sort_name)))

    @property
    def mailbox(self) -> str:
        """The address without what makes no difference: case, a suffix after a plus sign, dots at Gmail."""
        local, _, host = (self.email or "").lower().partition("@")
        local = local.partition("+")[0]
        return f"{local.replace('.', '') if host in FREE_MAIL else local}@{'gmail.com' if host in FREE_MAIL else host}"

    @property
    def town(self) -> str:
        return plain_letters(self.city or "")


def compare(a: Person, b: Person) -> tuple[int, list[str]]:
    """Points and reasons."""
    points, reasons = 0, []
    for more, reason in _signs(a, b):
        points += more
        if more > 0:
            reasons.append(reason)
    return points, reasons


def _signs(a: Person, b: Person) -> Iterator[tuple[int, str]]:
    if a.phone and a.phone == b.phone:
        yield 50, "Same phone number"
    if a.words and a.words == b.words:
        yield 35, "Same name"
    elif a.words and b.words and _has_similar_name(a, b):
        yield 25, "Similar name"
    if a.birthday and b.birthday:
        yield (30, "Same birthday") if a.birthday == b.birthday else (-30, "")
    if a.town and a.town == b.town:
        yield 15, "Same city"
    if a.email and b.email:
        if a.mailbox == b.mailbox:
            yield 50, "Same mailbox"
        elif is_similar(a.mailbox, b.mailbox, 0.88):
            yield 25, "Similar email"


def _has_similar_name(a: Person, b: Person) -> bool:
    return is_similar(a.sort_name, b.sort_name) or is_similar(" ".join(a.words), " ".join(b.words))


def is_similar(a: str, b: str, enough: float = 0.85) -> bool:
    """Whether the two texts differ by a slip of the pen."""
    if len(a) < 4 or len(b) < 4 or abs(len(a) - len(b)) > 3:
        return False
    matcher = SequenceMatcher(None, a, b, autojunk=False)
    return matcher.quick_ratio() >= enough and matcher.ratio() >= enough


def keys_of(person: Person) -> Iterator[str]:
    """What two people must have in common, at least once, to be compared."""
    if person.phone:
        yield f"phone {person.phone}"
    if person.email:
        yield f"mailbox {person.mailbox}"
        local = person.mailbox.partition("@")[0]
        if len(local) > 5:
            yield f"local {local}"
    if person.words:
        sounds = sorted(sound_of(each) for each in person.words)
        sound = " ".join(sounds)
        if person.birthday:
            yield from (f"born {person.birthday} {each}" for each in sounds)
        if person.town:
            yield f"lives {person.town} {sound}"
        if person.email:
            yield f"writes {person.mailbox.partition('@')[2]} {sound}"


def plain_letters(text: str) -> str:
    """The text in small letters without accents."""
    return "".join(each for each in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(each))


SOUNDS = [("ph", "f"), ("th", "t"), ("ck", "k"), ("sch", "s"), ("sh", "s"), ("ch", "k"), ("qu", "k"), ("x", "ks")]
ONE_SOUND = str.maketrans("czvywdbgjm", "ksfiitpkkn")


def sound_of(word: str) -> str:
    """The word as it sounds, roughly: without vowels and doubled letters, with letters that sound alike made one."""
    for letters, sound in SOUNDS:
        word = word.replace(letters, sound)
    word = word.translate(ONE_SOUND)
    return re.sub(r"(.)\1+", r"\1", word[:1] + re.sub(r"[aeiouh]", "", word[1:]))
