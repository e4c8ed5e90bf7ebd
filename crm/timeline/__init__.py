"""The timeline: what happened to a contact, newest first.

Owns no tables: it reads the activity log. Emits and hears nothing.
"""
