"""Notes about contacts: what was said, by phone, at a meeting or just noticed.

Owns `contact_notes`. Emits note_added. Its words in the log follow the note when it is changed or deleted. Hears nothing.
"""
