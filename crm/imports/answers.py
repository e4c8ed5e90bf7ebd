"""What a cell says about consent: yes, no, or a day on which it was given or taken back."""

from __future__ import annotations

import re

from crm.contacts.parsing import fold

WANTS = {"opted_out": False, "email_consent": True}
"""Fields about consent, and what a yes in them says of wanting news by email."""
YES = frozenset(
    [
        "yes",
        "y",
        "true",
        "t",
        "1",
        "x",
        "on",
        "ok",
        "ja",
        "j",
        "wahr",
        "oui",
        "o",
        "vrai",
        "si",
        "s",
        "sim",
        "verdadero",
        "verdadeiro",
        "vero",
        "tak",
        "evet",
    ]
)
NO = frozenset(
    ["no", "n", "false", "f", "0", "off", "nein", "falsch", "non", "faux", "nao", "falso", "nee", "nie", "hayir"]
)
IN = frozenset(
    [
        "subscribed",
        "optedin",
        "optin",
        "active",
        "confirmed",
        "granted",
        "given",
        "angemeldet",
        "abonne",
        "suscrito",
        "iscritto",
        "inscrito",
    ]
)
OUT = frozenset(
    [
        "unsubscribed",
        "optedout",
        "optout",
        "inactive",
        "cleaned",
        "revoked",
        "withdrawn",
        "denied",
        "declined",
        "refused",
        "abgemeldet",
        "desabonne",
        "desinscrit",
        "baja",
        "cancelado",
        "disiscritto",
        "afgemeld",
    ]
)
UNCLEAR = "This says neither yes nor no, and is no day."
_DAY = re.compile(r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}([T ].*)?")


def wants(field: str, text: str) -> tuple[bool | None, str | None]:
    """Whether the reader wants news by email, as this cell of the field says; None if it says nothing, and what is wrong with it."""
    said = text.strip()
    word = re.sub(r"[\s_-]+", "", fold(said))
    if not word:
        return None, None
    if word in IN | OUT:
        return word in IN, None
    if word in YES or _DAY.fullmatch(said):
        return WANTS[field], None
    return (not WANTS[field], None) if word in NO else (None, UNCLEAR)
