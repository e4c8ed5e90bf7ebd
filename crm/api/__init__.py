"""The REST API under /api/v1: each resource is a file in `resources`, listed in `catalogue`, and works through the operations and
queries of the features.

Owns `api_idempotency_keys`. Emits and hears nothing itself.
"""
