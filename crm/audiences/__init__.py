"""Audiences: named groups of contacts, chosen by hand (static) or by a condition that is kept up to date (dynamic).

The members of a dynamic audience are rows like those of a static one. Whoever something happens to is looked at again within
seconds; everyone is looked at every five minutes, because time alone also lets people in and out. A condition that cannot be
understood any more, for example because its tag was deleted, holds the members as they are until somebody mends it.

Owns `audiences`, `audience_members`, `audience_touches`. Emits audience_joined, audience_left; hears every activity.
"""
