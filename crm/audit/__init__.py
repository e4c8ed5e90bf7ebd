"""The audit log: who changed what, from what to what, when, from where. Written by one mechanism, never changed afterwards.

Owns `audit_entries`. `tracking` watches every flush for the models that `wiring.AUDITED` lists; `operations.record` is for what no row
says: a download, a restore. Public: `tracking.Audited`, `operations.record`, `operations.forget`. Its pages are in `audit_log`.
"""
