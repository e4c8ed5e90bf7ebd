"""What was deleted is kept for DELETED_KEPT_DAYS, so that it can be brought back.

Owns `deleted_records`. What hangs on a row is found through the foreign keys of every table, so no table can be forgotten.
"""
