"""The living style sheet: every part of the screens in every state, for those who run the product."""
