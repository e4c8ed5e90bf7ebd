"""Backups: one file with the data, the secret and the files, made while everything runs, checked before it counts; and the way back.

Owns the folder `backups` of the instance. A restore swaps the data in one transaction, keeps what it replaces, signs everybody out and begins
a hold. Public: `operations.back_up`, `operations.restore`, `shelf`.
"""
