"""Why something asked of a workflow is not done, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crm.automation.lint import Finding


class Refused(Exception):
    """What was asked cannot be; the text says why, `findings` where."""

    def __init__(self, text: str, findings: Sequence[Finding] = ()):
        super().__init__(text)
        self.findings = list(findings)


class Stale(Refused):
    """Somebody else has changed the draft meanwhile."""

    def __init__(self) -> None:
        super().__init__("Someone else changed this workflow meanwhile. Look at it as it is now, then try again.")
