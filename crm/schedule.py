"""The clock: every periodic job. Each also runs once when a worker starts, to catch up."""

from __future__ import annotations

from crm.activity.jobs import dispatch
from crm.api.jobs import forget_keys
from crm.audiences.jobs import refresh_audiences, settle_audiences
from crm.automation.jobs import enroll_matching, process_enrollments
from crm.backup.jobs import back_up_nightly
from crm.bounces.jobs import apply_reports, confirm_subscriptions, forget_reports, read_mailbox
from crm.broadcasts.jobs import check_broadcast_links, run_broadcasts
from crm.bulk.jobs import run_bulk_actions
from crm.contacts.jobs import sweep_names
from crm.delivery.jobs import check_domains
from crm.duplicates.jobs import find_duplicates, forget_merges
from crm.email.jobs import deliver, mail_accounts, mail_notifications, settle_clicks
from crm.exports.jobs import run_exports, sweep_exports
from crm.health.jobs import heartbeat, look_after_health
from crm.imports.jobs import run_imports, sweep_imports
from crm.notes.jobs import purge_notes
from crm.queue import Every
from crm.recovery.jobs import forget_deleted
from crm.settings.jobs import prune
from crm.tags.jobs import go_back
from crm.tasks.jobs import purge_tasks, remind_of_tasks
from crm.users.jobs import forget_sign_ins

CLOCK = (
    Every(1, heartbeat),
    Every(5, look_after_health),
    Every(60, back_up_nightly),
    Every(60 * 24, prune),
    Every(1, dispatch),
    Every(1, deliver),
    Every(1, mail_notifications),
    Every(1, settle_clicks),
    Every(1, mail_accounts),
    Every(1, run_imports),
    Every(1, run_bulk_actions),
    Every(60 * 24, sweep_imports),
    Every(60 * 24, forget_keys),
    Every(1, remind_of_tasks),
    Every(60 * 24, purge_notes),
    Every(60 * 24, purge_tasks),
    Every(1, run_exports),
    Every(60 * 24, sweep_exports),
    Every(60 * 24, forget_deleted),
    Every(60 * 24, find_duplicates),
    Every(60 * 24, forget_merges),
    Every(60 * 24, sweep_names),
    Every(60 * 24, forget_sign_ins),
    Every(1, process_enrollments),
    Every(1, enroll_matching),
    Every(1, settle_audiences),
    Every(1, refresh_audiences),
    Every(1, apply_reports),
    Every(1, confirm_subscriptions),
    Every(1, check_domains),
    Every(2, read_mailbox),
    Every(60 * 24, forget_reports),
    Every(1, go_back),
    Every(1, run_broadcasts),
    Every(1, check_broadcast_links),
)
