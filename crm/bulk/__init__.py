"""Bulk actions: one change to many contacts at once, to those chosen or to all that a list means, beyond 500 in the worker.

Owns `bulk_actions`, `bulk_action_changes`. Emits what its kinds' operations emit; hears nothing. Whom an action is for is written down when it
begins, within the sight of whoever asked for it; each batch is one transaction with its checkpoint, so a killed worker loses and repeats nothing.
What can be undone is undone from what was written down, within a day.
"""
