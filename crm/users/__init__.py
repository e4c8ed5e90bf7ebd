"""People who work at the school: accounts, teams, roles and permissions, sign-in, sessions, API tokens.

Owns `users`, `user_sessions`, `api_tokens`, `teams`, `team_members`. Public to every feature: what `access` declares views with, `roles`, `passwords.check_password`,
`redirects.own_page`, `sign_in.let_in`.
"""
