"""Whether the product is well: probes for the machine that runs it, the worker's heartbeat, and what `doctor` checks.

Owns `heartbeats`.
"""
