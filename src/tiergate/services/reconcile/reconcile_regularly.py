"""Reconciles everything regularly: webhooks can be lost for good, and lists cannot."""

import logging
from dataclasses import replace

from tiergate.services.context import Context
from tiergate.services.reconcile.reconcile import reconcile
from tiergate.store.job_rows import claim_job, find_job, save_job

log = logging.getLogger("tiergate")

_JOB = "reconcile"


def reconcile_regularly(context: Context) -> bool:
    """Reconcile everything if that is due again; returns whether it was.

    One of all processes does it; the first run comes one interval after the first call. One that was
    interrupted is made up for by the next.
    """
    every = context.reconcile_every
    if every is None:
        return False
    now = context.now()
    with context.database.write() as tx:
        if not claim_job(tx, _JOB, now - every, now):
            return False
    report = reconcile(context)
    log.info(
        "subscription mirror reconciled: %s compared, %s differences",
        sum(report.looked_at.values()),
        report.count,
    )
    with context.database.write() as tx:
        job = find_job(tx, _JOB)
        if job is not None:
            progress = {"looked_at": dict(report.looked_at), "differences": report.count}
            save_job(tx, replace(job, progress=progress, finished_at=context.now()), context.now())
    return True
