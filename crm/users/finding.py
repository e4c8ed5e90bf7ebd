"""What the one search box finds: the declaration a feature makes for the map."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from crm.users.models import User


@dataclass(frozen=True)
class Found:
    """One thing found: what it is called, where it is, and what tells it from others of that name."""

    label: str
    url: str
    note: str = ""


@dataclass(frozen=True)
class Finder:
    """A kind of thing that can be found. `find` is given the viewer, the text and how many are wanted, and keeps to what the viewer may see.

    It takes milliseconds at any size, for it runs while people type. `all_url` leads to all that the text finds.
    """

    label: str
    icon: str
    find: Callable[[User, str, int], Sequence[Found]]
    permission: str | None = None
    all_url: Callable[[str], str] | None = None
