"""What a contact wants to receive, the proof of it, and the one place that lets a message go or not.

Owns `communication_preferences`, `email_unsubscribes`, `topics`, `contact_topics` and `consent_records`.
Emits email_unsubscribed, email_resubscribed, preferences_changed, email_confirmed.
Public: `consent.verdicts` and `consent.reasons_for`, asked before anything is sent.
"""
