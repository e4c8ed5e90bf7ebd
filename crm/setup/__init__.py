"""The first start: while nobody has an account, every page leads to `/setup`, which makes the first administrator.

Owns no table, only the file `setup-code` in the instance folder. Stands on floor 5, above `users` and `settings`; it knows the import
and the demo by the names of their endpoints alone. Public: `operations.code`.
"""
