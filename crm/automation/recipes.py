"""Workflows to start from: each a document, imported as a draft that the school then makes its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Recipe:
    """A workflow that is written already. `text` says what it does."""

    key: str
    name: str
    icon: str
    text: str
    document: dict[str, Any]


def _email(subject: str, content: str) -> dict[str, Any]:
    return {"type": "send_email", "config": {"subject": subject, "content": content}}


def _wait(days: int) -> dict[str, Any]:
    return {"type": "wait_duration", "config": {"duration": days, "unit": "days"}}


def _task(title: str, days: int) -> dict[str, Any]:
    return {"type": "create_task", "config": {"title": title, "due_in_days": days, "assignee": "owner"}}


def _tag(slug: str) -> dict[str, Any]:
    return {"type": "add_tag", "config": {"tag_id": slug}}


WELCOME = {
    "name": "Welcome new contacts",
    "trigger": {"type": "student_created", "conditions": {}},
    "entry": {"reentry": "never"},
    "steps": [
        _email(
            "Welcome, {{ contact.first_name | default: 'and hello' }}",
            "Hello {{ contact.first_name | default: 'there' }},\n\nthank you for your interest in our courses. Here is how we"
            " teach, and what you can begin with:\n\n[See our courses](https://example.com/courses)\n\nAnswer this email if"
            " you have a question: a person reads it.",
        ),
        {
            "type": "wait_for_event",
            "config": {"event_type": "email_clicked", "timeout": 3, "unit": "days"},
            "happened": [_tag("interested"), _task("Call {{ contact.first_name }}: they looked at our courses", 1)],
            "timed_out": [
                _email(
                    "Which course would suit you?",
                    "Hello {{ contact.first_name | default: 'there' }},\n\nnot sure where to begin? Tell us what you would"
                    " like to learn, and we will suggest a course.\n\n[Find my course](https://example.com/find)",
                )
            ],
        },
    ],
}

FOLLOW_UP = {
    "name": "Follow up a click",
    "trigger": {"type": "email_clicked", "conditions": {}},
    "entry": {"reentry": "after_days", "days": 30},
    "steps": [
        _tag("engaged"),
        _wait(1),
        {
            "type": "condition",
            "config": {
                "match": "all",
                "conditions": [{"field": "lifecycle_stage", "operator": "in_list", "value": ["enrolled", "active"]}],
            },
            "yes": [{"type": "exit_workflow", "config": {"reason": "Is enrolled already"}}],
            "no": [_task("Ask {{ contact.first_name }} whether they have questions", 1)],
        },
    ],
}

INTERESTED = {
    "name": "Nurture the interested",
    "trigger": {"type": "tag_added", "conditions": {"tag_id": "interested"}},
    "entry": {"reentry": "never"},
    "steps": [
        _email(
            "What a first lesson is like",
            "Hello {{ contact.first_name | default: 'there' }},\n\nmany ask what to expect of a first lesson. In short: no"
            " test, no stress, and a teacher with time for you.\n\n[Try a lesson](https://example.com/trial)",
        ),
        _wait(4),
        _email(
            "What our students say",
            "Hello {{ contact.first_name | default: 'there' }},\n\nthree students tell how they began, and where they are"
            " now.\n\n[Read their stories](https://example.com/stories)",
        ),
        _wait(3),
        _task("Call {{ contact.first_name }} about a trial lesson", 2),
    ],
}

RECIPES: tuple[Recipe, ...] = (
    Recipe(
        "welcome",
        "Welcome new contacts",
        "user-plus",
        "Greets everyone who is added, watches for a click, and hands a call to the owner or sends a second email.",
        WELCOME,
    ),
    Recipe(
        "follow-up",
        "Follow up a click",
        "click",
        "When somebody clicks a link, tags them and reminds the owner to get in touch, unless they are enrolled already.",
        FOLLOW_UP,
    ),
    Recipe(
        "interested",
        "Nurture the interested",
        "tag",
        "Two emails over a week for contacts who get the tag “interested”, then a call.",
        INTERESTED,
    ),
)
BY_KEY = {each.key: each for each in RECIPES}
