"""What a feature declares so that its facts can be used in conditions."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from flask import current_app
from sqlalchemy import BigInteger, ColumnElement, Select, bindparam, select

from crm.conditions.values import LARGEST_ID
from crm.database import db

if TYPE_CHECKING:
    from crm.conditions.field_types import FieldType


class Option(NamedTuple):
    """One thing to choose: the value a condition stores, and its name."""

    value: Any
    label: str

    @property
    def key(self) -> str:
        """The value as a form holds it, whatever its case."""
        return str(self.value).lower()


@dataclass(frozen=True)
class Relation:
    """A set each contact has, such as tags: a table of (contact, member) rows and the model of the members.

    `where` narrows the rows, for example to opened messages. The model has an `id`, a `name` and perhaps a `slug`.
    """

    contact_id: Any
    target_id: Any
    model: Any
    where: tuple[ColumnElement, ...] = ()
    is_probed: bool = False
    """Whether each contact is looked up in the set, rather than the set being where contacts are looked for."""

    def among(self, ids: list[int]) -> "Relation":
        """The same for these contacts only: few of them are looked up, instead of everyone who has such a member."""
        listed = bindparam("among", ids, BigInteger(), expanding=True, literal_execute=True)
        return replace(self, where=(*self.where, self.contact_id.in_(listed)))

    def contacts_with(self, *criteria: ColumnElement) -> Select:
        """The ids of the contacts that have such a member; never NULL, which would empty every NOT IN."""
        return select(self.contact_id).where(self.contact_id.is_not(None), *self.where, *criteria)

    def find(self, reference: int | str) -> int | None:
        """The id of the member with this slug or id, the slug first; None if there is none."""
        if isinstance(reference, str) and hasattr(self.model, "slug"):
            found = db.session.scalar(select(self.model.id).where(self.model.slug == reference))
            if found is not None:
                return found
        number = int(reference) if str(reference).isascii() and str(reference).isdigit() else LARGEST_ID + 1
        return db.session.scalar(select(self.model.id).where(self.model.id == number)) if number <= LARGEST_ID else None

    def name_of(self, id_: int) -> str:
        return db.session.scalar(select(self.model.name).where(self.model.id == id_))

    def options(self) -> list[Option]:
        key = self.model.slug if hasattr(self.model, "slug") else self.model.id
        rows = db.session.execute(select(key, self.model.name).order_by(self.model.name, key))
        return [Option(str(value), name) for value, name in rows]

    def names_of(self, contact_id: int) -> list[str]:
        """What this contact has now."""
        rows = self.contacts_with(self.contact_id == contact_id).with_only_columns(self.target_id)
        return list(
            db.session.scalars(select(self.model.name).where(self.model.id.in_(rows)).order_by(self.model.name))
        )


@dataclass(frozen=True)
class Field:
    """One fact about a contact that a condition can ask for.

    `expression` is a column of `contacts` (or an expression of such columns); a field of a set type has a `relation`
    instead. `choices` is the tuple of what can be chosen, or a function that returns it. `operators` narrows those
    of the type.
    """

    key: str
    label: str
    type: "FieldType"
    group: str
    expression: Any = None
    relation: Relation | None = None
    choices: Iterable[Any] | Callable[[], Iterable[Any]] | None = None
    operators: tuple[str, ...] | None = None

    def among(self, ids: list[int]) -> "Field":
        """The same field, when only these contacts are asked about."""
        return self if self.relation is None else replace(self, relation=self.relation.among(ids))

    def probed(self) -> "Field":
        """The same field, when another clause leaves fewer contacts to ask about."""
        return self if self.relation is None else replace(self, relation=replace(self.relation, is_probed=True))

    @property
    def operator_keys(self) -> tuple[str, ...]:
        return self.type.operators if self.operators is None else self.operators

    def options(self) -> list[Option]:
        """What can be chosen as a value, in order; nothing for free values."""
        return self.type.options(self)


def registered_fields() -> Mapping[str, Field]:
    """Every field the features offer, by key, in the order people see them; those the school made itself are asked for anew."""
    more = {each.key: each for provide in current_app.extensions["more_condition_fields"] for each in provide()}
    return {**current_app.extensions["condition_fields"], **more}
