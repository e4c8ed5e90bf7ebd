"""Custom fields: facts about contacts that the school defines itself, each with a kind that says how it is written, kept and asked for.

Owns `custom_fields` and `contact_field_values`. Emits and hears nothing: a value changes through the operations of contacts, which
tell it like any other change. Everywhere a custom field is called `fields.<key>`. Public: `models`, `kinds`, `queries`, `operations`.
"""
