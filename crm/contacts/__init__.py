"""Contacts: the people a school teaches and hopes to teach.

Owns `contacts` and the search index over it. Emits contact_created, contact_updated, stage_changed. Public: `queries.scope`, which every
question about contacts goes through.
"""
