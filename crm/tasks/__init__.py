"""Follow-up tasks about contacts, for members of staff.

Owns `contact_tasks`. Emits task_created, task_completed.
"""
