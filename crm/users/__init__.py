"""People who work at the school: accounts, teams, roles and permissions, sign-in, sessions, API tokens.

Owns `users`, `roles`, `user_sessions`, `sign_ins`, `api_tokens`, `invitations`, `password_resets`, `recovery_codes`, `user_photos`, `teams`, `team_members`. Public to every feature: what `access` declares views with, `roles`, `passwords.check_password`,
`redirects.own_page`, `sign_in.let_in`.
"""
