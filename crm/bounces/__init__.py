"""What comes back about emails: reports of carriers by webhook, bounces and replies from a mailbox.

Owns `email_reports`, `mailboxes`. Emits email_bounced, email_complained, email_replied, email_unsubscribed.
"""
