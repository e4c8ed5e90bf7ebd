"""The nightly backup."""

from __future__ import annotations

import logging

from crm.backup import nightly
from crm.backup.archive import BackupError
from crm.queue import job

log = logging.getLogger(__name__)


@job
def back_up_nightly() -> None:
    """Make tonight's backup if it is time and there is none yet, and remove the oldest."""
    try:
        nightly.run()
    except BackupError as error:
        log.error("the nightly backup failed: %s", error)
