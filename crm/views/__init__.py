"""Views: ways to look at the list of contacts that somebody saved: what it is narrowed to, its order and its columns.

Owns `contact_views`, `contact_view_pins`, `contact_list_choices`. Emits and hears nothing. A view holds a question, never its answer: whoever
opens a shared one sees those of their own contacts that it means. The pages are those of contacts. Public: all modules.
"""
