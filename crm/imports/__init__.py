"""Bringing contacts in from a CSV file: upload, mapping, a dry run, then batches in the worker.

Tables: contact_imports, contact_import_rows, contact_import_batches, contact_import_links, contact_import_kept.
Emits: contact_created, contact_updated, stage_changed, tag_added, tag_removed. Hears: nothing.

Every row is imported, updated, unchanged, skipped or refused, and the last two are listed with line number and reason. The count of rows
done is committed with the rows themselves, so that whatever stops an import, it goes on without doubling anything.
Public: `operations`, `runs` (which alone commits, batch by batch), `columns`.
"""
