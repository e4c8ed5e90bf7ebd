"""What members of staff are told: the bell, its page, and by email what each of them chose.

Owns `user_notifications` and `user_notification_choices`. Emits and hears nothing; any feature above calls `operations.notify`.
The email feature takes what is due to be mailed from `user_notifications.email_due_at`.
"""
