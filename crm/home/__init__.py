"""The address `/`: takes everyone to the first place their role may use. Owns nothing; stands on floor 4."""
