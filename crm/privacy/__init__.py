"""What a person may ask of the school: everything known about them in one file, and to be forgotten.

Owns `erasures`. Counts outlive the person: emails stay, without reader; an erasure keeps how much there was of everything else.
"""
