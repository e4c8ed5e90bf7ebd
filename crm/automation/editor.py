"""What the editor shows: a version's steps as cards on lines, with their sentences, findings and the contacts waiting there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from crm.activity.vocabulary import BY_KIND
from crm.automation import queries
from crm.automation.lint import Finding, lint
from crm.automation.models import Step, Version, Workflow
from crm.automation.operations import REENTRY
from crm.automation.queries import BranchPlaces, Place
from crm.automation.step_type import MAIN, StepType
from crm.automation.types import STEP_TYPES, STEPS, TRIGGERS

COLORS = 6
"""How many colours the rails of branches take turns with; the style sheet has as many."""


@dataclass(frozen=True)
class Rail:
    """A line of cards: the trunk, or a branch of the step `parent_id`."""

    parent_id: int | None
    branch: str
    label: str
    color: int
    cards: tuple[Card, ...]


@dataclass(frozen=True)
class Card:
    """One step as people see it. `position` is its place among its siblings, from 1; `here` how many contacts are at it now."""

    step: Step
    number: int
    label: str
    icon: str
    summary: str
    findings: tuple[Finding, ...]
    here: int
    rails: tuple[Rail, ...]
    position: int
    is_last: bool
    ends_here: bool

    @property
    def has_error(self) -> bool:
        return any(each.is_error for each in self.findings)

    @property
    def sends_email(self) -> bool:
        """Whether its emails have results to look at."""
        kind = STEPS.get(self.step.step_type)
        return kind is not None and kind.sends_email

    @property
    def is_first(self) -> bool:
        return self.position == 1

    def all_below(self) -> Iterator[Card]:
        """Every card of its branches, in reading order."""
        for rail in self.rails:
            for card in rail.cards:
                yield card
                yield from card.all_below()


@dataclass(frozen=True)
class Outline:
    """A version as people see it."""

    version: Version
    rail: Rail
    trigger_label: str
    trigger_icon: str
    trigger_summary: str
    entry_summary: str
    goal_label: str | None
    findings: tuple[Finding, ...]
    completed: int

    @property
    def general_findings(self) -> list[Finding]:
        """What is wrong with no step in particular."""
        return [each for each in self.findings if each.step_id is None]

    @property
    def errors(self) -> list[Finding]:
        return [each for each in self.findings if each.is_error]

    @property
    def warnings(self) -> list[Finding]:
        return [each for each in self.findings if not each.is_error]

    def all_cards(self) -> Iterator[Card]:
        """Every card, in reading order."""
        for card in self.rail.cards:
            yield card
            yield from card.all_below()

    def card_of(self, step_id: int) -> Card | None:
        return next((card for card in self.all_cards() if card.step.id == step_id), None)


def outline_of(workflow: Workflow, version: Version, *, is_checked: bool = True) -> Outline:
    """The version as it stands now, with who is where and, unless that is not wanted, what is wrong with it."""
    drawing = _Drawing(lint(version) if is_checked else [], queries.contacts_at_steps(workflow))
    trigger = TRIGGERS.get(version.trigger_type or "")
    return Outline(
        version,
        drawing.rail(None, MAIN.name, "Trunk", 0, queries.step_places(version)),
        trigger.label if trigger else "Choose a trigger",
        trigger.icon if trigger else "bolt",
        trigger.summary(version.trigger_conditions) if trigger else "Nothing starts this workflow yet",
        entry_sentence(version.entry_settings),
        goal_label(version.goal),
        drawing.findings,
        workflow.total_completed,
    )


class _Drawing:
    """Turns the tree of steps into cards."""

    def __init__(self, findings: Sequence[Finding], here: Mapping[int, int]) -> None:
        self.findings = tuple(findings)
        self.here = here
        self.of_step: dict[int | None, list[Finding]] = defaultdict(list)
        for finding in findings:
            self.of_step[finding.step_id].append(finding)

    def rail(self, parent_id: int | None, branch: str, label: str, color: int, places: Sequence[Place]) -> Rail:
        cards = tuple(self._card(place, position, len(places)) for position, place in enumerate(places, 1))
        return Rail(parent_id, branch, label, color, cards)

    def _card(self, place: Place, position: int, siblings: int) -> Card:
        step, kind = place.step, STEPS.get(place.step.step_type)
        return Card(
            step,
            place.number,
            kind.label if kind else step.step_type,
            kind.icon if kind else "help",
            kind.summary(step.step_config) if kind else "This kind of step is unknown here",
            tuple(self.of_step[step.id]),
            self.here.get(step.id, 0),
            tuple(self._branch(step, each, index) for index, each in enumerate(place.branches)),
            position,
            position == siblings,
            kind is not None and not kind.outcomes(step.step_config),
        )

    def _branch(self, step: Step, branch: BranchPlaces, index: int) -> Rail:
        return self.rail(step.id, branch.outcome.name, branch.outcome.label, index % COLORS, branch.places)


def entry_sentence(settings: Mapping[str, object]) -> str:
    """How often a contact may enter, in words."""
    reentry = str(settings.get("reentry", "never"))
    if reentry == "after_days":
        return f"Again after {settings.get('days')} days"
    return REENTRY.get(reentry, reentry)


def goal_label(goal: Mapping[str, object]) -> str | None:
    """What a contact is meant to do in the end; None when nothing was said."""
    event = str(goal.get("event") or "")
    return BY_KIND[event].label if event in BY_KIND else event or None


def palette() -> dict[str, list[StepType]]:
    """The kinds of steps by group, in the order people see them."""
    groups: dict[str, list[StepType]] = {}
    for kind in STEP_TYPES:
        groups.setdefault(kind.group, []).append(kind)
    return groups


@dataclass(frozen=True)
class Spot:
    """Where a step goes: at `position`, from 1, of a branch of the step `parent_id`, or of the trunk; at the end if not said."""

    parent_id: int | None = None
    branch: str = MAIN.name
    position: int | None = None

    def __str__(self) -> str:
        return f"{self.parent_id or ''}:{self.branch}:{self.position or ''}"

    @classmethod
    def parse(cls, text: str) -> Spot | None:
        """The spot written as str() writes it; None for anything else."""
        parent, _, rest = text.partition(":")
        branch, _, position = rest.rpartition(":")
        numbers = parent + position + "0"
        if not branch or not (numbers.isascii() and numbers.isdigit()):
            return None
        return cls(int(parent) if parent else None, branch, int(position) if position else None)


@dataclass(frozen=True)
class Choice:
    """A spot a step may be moved to, in words."""

    spot: Spot
    words: str
    depth: int
    is_here: bool


def spots_for(card: Card, outline: Outline) -> list[Choice]:
    """Everywhere the step may go: between any two others, on any line but its own branches."""
    return list(_spots(card, outline.rail, "", 0))


def _spots(moved: Card, rail: Rail, where: str, depth: int) -> Iterator[Choice]:
    is_own = any(card is moved for card in rail.cards)
    others = [card for card in rail.cards if card is not moved]
    words = f"{where}, at the start" if where else "The start"
    for position, card in enumerate([None, *others], 1):
        if card:
            words = f"After step {card.number}, {card.label}"
        is_here = is_own and position == moved.position
        yield Choice(Spot(rail.parent_id, rail.branch, position), words, depth, is_here)
        for branch in card.rails if card else ():
            yield from _spots(moved, branch, f"“{branch.label}” of step {card.number}", depth + 1)
