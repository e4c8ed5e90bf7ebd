"""Hiding merge tags from whatever rewrites a text around them: each becomes one plain word, and is put back at the end."""

import hashlib
import re

from crm.lib import merge_tags


class Mask:
    """The tags of one text by number. A word of the mask survives Markdown, MJML, sanitising and addresses unchanged."""

    def __init__(self, text: str):
        self._stem = "zq" + hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:10]
        self.tags: list[str] = []
        self.word = re.compile(self._stem + r"n(\d+)z")

    def add(self, tag: str) -> str:
        """The word that stands for this tag."""
        self.tags.append(tag)
        return f"{self._stem}n{len(self.tags) - 1}z"

    def hide(self, text: str) -> str:
        """The text with a word for each of its tags. Raises MergeError when a tag does not end."""
        parts, at = [], 0
        for start, end in merge_tags.spans(text):
            parts += [text[at:start], self.add(text[start:end])]
            at = end
        return "".join(parts) + text[at:]

    def tag(self, found: re.Match) -> str:
        """The tag behind a match of `word`."""
        return self.tags[int(found.group(1))]

    def show(self, text: str) -> str:
        """The text with its tags back."""
        return self.word.sub(self.tag, text)
