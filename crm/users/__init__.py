"""People who work at the school: accounts, roles and permissions, sign-in, sessions, API tokens.

Owns `users`, `user_sessions`, `api_tokens`. Public to every feature: `access.requires`, `access.public`, `roles.PERMISSIONS`.
"""
