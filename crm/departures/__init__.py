"""Somebody leaves: what they have, to whom it goes, and the end of their access.

Owns no table. Contacts are handed over by a bulk action, in the worker when they are many and taken back within a day like any other.
"""
