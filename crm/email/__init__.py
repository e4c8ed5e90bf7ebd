"""Email: templates, the ledger of messages, delivery, tracking of opens and clicks.

Owns `email_templates`, `email_contents`, `email_links`, `email_lanes`, `email_messages`, `email_opens`, `email_link_clicks`,
`email_lost_hits`.
Emits email_sent, email_opened, email_clicked, email_bounced.
"""
