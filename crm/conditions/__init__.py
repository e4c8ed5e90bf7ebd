"""Conditions: which contacts are meant, as a tree of clauses that the school writes and one compiler turns into SQL.

A condition is JSON: `{"match": "all" | "any", "conditions": [clause or group, …]}`, where a clause is
`{"field": "lead_score", "operator": "greater_than", "value": 50}` and a group is again such a tree, ten levels deep
and a hundred clauses long at most. An empty condition means every contact.

Three rules hold for every field:

- Negations include the unset: "city is not Paris" is true of a contact without a city.
- Texts are compared without regard to case, accented letters included; accents themselves count.
- A clause that cannot be understood (an unknown field, a deleted tag) is true of nobody, so that a mistake can
  never address everyone. `validate` names it.

Public: `fields` (Field, Relation) and the types in `field_types`, `date_types`, `choice_types`, `count_type`, to declare
fields; `reading` (validate), `compiler`, `queries`, `explanation`, `sentences`, `schema`, to ask; `forms`
(ConditionField), `builder`, `posting`, to edit; `mentions`, to find where a thing is used. What values of dates look like is described in `spans`.

Owns no tables; emits and hears nothing. Each feature offers its fields in its own `fields.py`; the map lists them.
"""
