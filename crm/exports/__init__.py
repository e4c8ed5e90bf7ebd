"""Lists of contacts as files: CSV and Excel, of whatever the list on screen is narrowed to.

Owns `contact_exports`. Short ones are made while one waits, long ones in the worker; a file is given to whom it was made for alone.
"""
