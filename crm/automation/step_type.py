"""What a step type is: one file in `steps`, listed in `types.STEP_TYPES`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from crm.automation.decisions import Decision
from crm.automation.declared import Declared
from crm.automation.view import View

Config = Mapping[str, Any]


@dataclass(frozen=True)
class Outcome:
    """A way on from a step: the branch that hangs there, and its label. `main` is simply the step that follows."""

    name: str
    label: str


MAIN = Outcome("main", "Next")


class StepType(Declared):
    """A type of step. It reads a view of the contact and decides; it writes nothing and asks the database nothing."""

    can_wait: ClassVar[bool] = False
    """Whether a contact may rest here, so that a loop through it takes time."""

    sends_email: ClassVar[bool] = False
    """Whether its emails have results to look at."""

    def outcomes(self, config: Config) -> tuple[Outcome, ...]:  # noqa: ARG002
        """The ways on; none for a step that always ends the workflow."""
        return (MAIN,)

    def targets(self, config: Config) -> tuple[str, ...]:  # noqa: ARG002
        """The keys of the steps it may jump to."""
        return ()

    def condition(self, config: Config) -> Any:  # noqa: ARG002
        """A condition the engine has to answer before `decide`, which finds the answer as `view.holds`."""
        return None

    def decide(self, view: View, config: Config, now: datetime) -> Decision:
        """What happens to this contact at this step now. Asked again after each wait, with the same `arrived_at`."""
        raise NotImplementedError

    @property
    def branches(self) -> tuple[Outcome, ...]:
        """The branches steps can hang in, in the order they are shown."""
        return tuple(each for each in self.outcomes({}) if each is not MAIN)
