"""Who looks after whom: rules that give new contacts an owner in turn, absences, and handing over.

Owns `ownership_rules`, `ownership_rule_people` and `absences`. Hears contact_created; emits contact_updated.
"""
