"""The one search box: contacts, tasks and everything else that features offer to find, pages to go to and things to do.

Owns no table. What can be found is listed in the map.
"""
