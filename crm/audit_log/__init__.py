"""The pages of the audit log: what was done, by whom and from where, narrowed by any of it and taken along as a file.

Owns nothing; reads `audit_entries`, and never changes one.
"""
