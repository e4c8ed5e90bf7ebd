"""A believable school with history, the same for the same seed: to look around in, to measure with, to show.

Writes rows of other features through their tables; emits nothing, so that nothing is set off by the past.
"""
