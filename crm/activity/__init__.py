"""The spine: what happened to contacts, as one append-only table, and its hand-over to whoever reacts.

Owns `contact_activities`. Emits nothing itself and hears nothing; `operations.emit` is how every feature records a fact,
`dispatcher.dispatch` hands facts to `wiring.LISTENERS`.
"""
