"""Filling a composition in for one person."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from crm.email import headers, plain
from crm.email.compose import Composed
from crm.lib import merge_tags

LEAVING = {
    "unsubscribe_url": "",
    "preferences_url": "/preferences",
    "confirm_url": "/confirmation",
    "view_url": "/message",
}
"""The addresses that hang on the reader's own token, by their names in a text: what follows that token."""


@dataclass(frozen=True)
class Rendered:
    """An email as one person gets it."""

    subject: str
    html: str
    text: str


def rendered(
    content: Composed,
    values: Mapping[str, object],
    *,
    link: Callable[[int], str],
    unsubscribe_url: str,
    open_url: str = "",
    account_url: str = "#",
) -> Rendered:
    """The email with its values in. `link` gives the address to write for the link at a position. Raises MergeError.

    `account_url` lets its reader in, so it is given for the mail that leaves and at no other time.
    """
    own = {name: unsubscribe_url + path for name, path in LEAVING.items()}
    filled = {**values, **own, "open_url": open_url, "account_url": account_url}
    filled.update((f"link_{at}", link(at)) for at in range(len(content.links)))
    return Rendered(
        subject=headers.one_line(merge_tags.render(content.subject, filled)),
        html=merge_tags.render(content.html, filled, html=True),
        text=plain.tidy(merge_tags.render(content.text, filled)),
    )
