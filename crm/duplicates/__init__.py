"""Contacts who may be one person: found with reasons, put side by side, made one, and parted again within thirty days.

Owns `duplicate_pairs` and `contact_merges`. Emits contact_merged and contact_restored.
"""
