"""What a text with merge tags says where nobody's values are at hand: a list of emails that were never filled in, two versions side by side."""

import re

_VALUE = re.compile(r"\{\{-?\s*([\w.]+)[^{}]*\}\}")
_RULE = re.compile(r"\{%[^{}]*%\}")


def tags_in_words(text: str) -> str:
    """`Hello {{ contact.first_name | default: "you" }}` → `Hello [first name]`; what decides leaves no trace."""
    named = _VALUE.sub(lambda tag: f"[{tag[1].rsplit('.', 1)[-1].replace('_', ' ')}]", text)
    return " ".join(_RULE.sub(" ", named).split()) if "{%" in named else named
