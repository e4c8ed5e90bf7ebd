"""Broadcasts: one email to many, from the draft through its launch to the results.

Owns `broadcasts`, `broadcast_audiences`, `broadcast_contacts` and `broadcast_variants`. Its recipients are rows of `email_messages`
(purpose "broadcast", the broadcast as parent), written down at launch; pausing and stopping go through their lanes. What is
sent, opened and clicked is emitted by email; broadcasts hear nothing.
"""
