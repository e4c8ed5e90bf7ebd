"""Tags: short labels on contacts, with colours.

Owns `contact_tags` and `contact_taggings`. Emits tag_added, tag_removed.
"""
