"""What every channel's messages share: the ledger's states, claims, leases, and the addresses never to write to again.

Owns `suppressions`.
"""
