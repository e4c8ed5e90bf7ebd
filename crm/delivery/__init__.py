"""What every channel's messages share: the ledger's states, claims, leases, whom email is from, and the addresses never to write to again.

Owns `suppressions`, `suppression_releases`, `email_senders`, `domain_checks`. Emits address_released.
"""
