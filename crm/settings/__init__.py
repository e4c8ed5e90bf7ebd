"""Facts about the school that its people set on a page rather than in a file: its name and its clock.

Owns `settings`, one row per fact; a fact without a row is what the configuration says. Stands on floor 4, above `users` and below
everything that speaks for the school. Public: `queries.school_name`, `queries.school_timezone`, `operations.save`, `operations.save_once`.
"""
