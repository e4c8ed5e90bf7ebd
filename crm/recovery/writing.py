"""Writing a bundle back: the same rows, but for what has changed around them since."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from crm.database import db
from crm.recovery.belongings import Bundle, Row

WAITING = {"pending", "claimed", "sending"}
"""States of a message that was not sent yet when its reader was deleted: it is not sent late."""


class Writer:
    """Writes one bundle. `new_ids` tells for each table which id a row got whose own was given away meanwhile."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self.new_ids: dict[str, dict[Any, Any]] = {}
        self.left_out: dict[str, set[Any]] = {}
        self.known: dict[tuple[str, Any], bool] = {}

    def write(self) -> None:
        """Write every row, parents first, then mend the references that were lost."""
        for table in db.metadata.sorted_tables:
            for row in self.bundle.rows.get(table.name, ()):
                self._write_row(table, row)
        for name, key, column, target in self.bundle.pointers:
            self._point_again(name, key, column, target)

    def id_now(self, table: str, row_id: Any) -> Any:
        """The id the row has now."""
        return self.new_ids.get(table, {}).get(row_id, row_id)

    def _write_row(self, table: sa.Table, row: Row) -> None:
        values = self._rewired(table, dict(row))
        if values is None:
            self.left_out.setdefault(table.name, set()).add(row.get("id"))
            return
        if "id" in row and self._exists(table, "id", row["id"]):
            del values["id"]
        made = db.session.execute(sa.insert(table).values(**values)).inserted_primary_key
        if "id" in row and made is not None:
            self.new_ids.setdefault(table.name, {})[row["id"]] = made[0]

    def _rewired(self, table: sa.Table, values: Row) -> Row | None:
        """The row with references to what there is now; None where it cannot be without one that has gone."""
        for key in table.foreign_keys:
            name, target = key.parent.name, key.column.table.name
            if values.get(name) is None or (target == table.name and self._is_inside(target, values[name])):
                continue
            values[name] = self._reference(key, values[name])
            if values[name] is None and not key.parent.nullable:
                return None
        if "fence" in values and values["status"] in WAITING:
            values |= {"status": "cancelled", "reason": "The contact was deleted when it was due"}
        if values.get("subject_type") in self.new_ids and "subject_id" in values:
            values["subject_id"] = self.id_now(values["subject_type"], values["subject_id"])
        return values

    def _is_inside(self, name: str, row_id: Any) -> bool:
        return any(row.get("id") == row_id for row in self.bundle.rows.get(name, ()))

    def _reference(self, key: sa.ForeignKey, value: Any) -> Any:
        target = key.column.table
        if value in self.left_out.get(target.name, ()):
            return None
        value = self.id_now(target.name, value)
        place = (target.name, value)
        if value not in self.new_ids.get(target.name, {}).values() and place not in self.known:
            self.known[place] = self._exists(target, key.column.name, value)
        return value if self.known.get(place, True) else None

    def _exists(self, table: sa.Table, column: str, value: Any) -> bool:
        return (
            db.session.scalar(sa.select(sa.literal(1)).select_from(table).where(table.c[column] == value)) is not None
        )

    def _point_again(self, name: str, key: list[Any], column: str, target: Any) -> None:
        """Give the reference back to a row that still stands and refers to nothing else."""
        table = db.metadata.tables.get(name)
        if table is None or column not in table.c:
            return
        parent = next(each for each in table.c[column].foreign_keys).column.table.name
        here = [each == value for each, value in zip(table.primary_key, key, strict=True)]
        db.session.execute(
            sa.update(table).where(*here, table.c[column].is_(None)).values({column: self.id_now(parent, target)})
        )
