"""Whether the product is well: probes for the machine that runs it, the worker's heartbeat, what waits to be done, the checks behind
the health page and `doctor`, and the hold after a restore or a long standstill.

Owns `heartbeats`, `holds`. Stands below every feature that works in the background: they ask `hold.stands()` before they take what is due, and say
in `wiring.WAITING` and `wiring.HEALTH_CHECKS` what of theirs waits and what may be wrong. Public: `hold`, `waiting`, `checks.Finding`.
"""
