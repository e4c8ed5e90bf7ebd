"""The address `/`: the day's work, in parts that load themselves. Who has none of them is taken to the first place they may use.

Owns nothing; stands on floor 5.
"""
