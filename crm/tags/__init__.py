"""Tags: short labels on contacts, with colours, given by hand or by rules.

Owns `contact_tags`, `contact_taggings` and `contact_tag_rules`. Emits tag_added, tag_removed. Hears every activity, for the rules.
"""
