"""What a contact wants to receive, and the proof of it.

Owns `communication_preferences` and `email_unsubscribes`. Emits email_unsubscribed, email_resubscribed.
"""
