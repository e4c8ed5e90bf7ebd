"""Facts about the school that its people set on a page rather than in a file: its name and its clock.

Owns `settings`, one row per fact, named as in the configuration and laid over it in every process (`overlay`): whoever needs the name
or the clock asks `current_app.config`. Stands between `users` and `contacts`. Public: `operations.save`, `operations.save_once`, `operations.check_school_name`.
"""
