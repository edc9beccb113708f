//! The history, the log and the audit log of status changes.

use seaworthy::{
    audit_log::AuditEntry,
    data::{DataError, Transaction},
    prelude::*,
};
use uuid::Uuid;

use super::{JoinError, Joins};
use crate::{
    domain::{JoinStatus, Seats, StatusChange},
    store::{
        audit_queue::{self, QueuedChange},
        history,
    },
};

/// Maximum number of changes that one transaction moves to the audit log.
const AUDIT_BATCH_SIZE: u32 = 200;

/// Records a status change in the history and for the audit log, and logs it after the commit.
///
/// A rejection is not queued: [`kick`](Joins::kick) and [`ban`](Joins::ban) append to the audit
/// log.
pub(super) async fn record(
    tx: &Transaction,
    seats: &Seats,
    change: StatusChange<'_>,
) -> Result<(), DataError> {
    history::insert(tx, seats.event, change, seats.revision).await?;
    if change.to != JoinStatus::Rejected {
        queue_for_audit(tx, seats.event, std::iter::once(change)).await?;
    }
    log_after_commit(tx, seats.event, change);
    Ok(())
}

/// Adds changes to the queue of the audit log.
pub(super) async fn queue_for_audit(
    tx: &Transaction,
    event: Uuid,
    changes: impl Iterator<Item = StatusChange<'_>>,
) -> Result<(), DataError> {
    audit_queue::insert(tx, event, changes, current_request_id().as_deref()).await
}

pub(super) fn current_request_id() -> Option<String> {
    context::with_current(|context| context.map(|context| context.request_id().as_str().to_owned()))
}

/// Logs a status change of a join of an event after the commit.
pub(super) fn log_after_commit(tx: &Transaction, event: Uuid, change: StatusChange<'_>) {
    let context = context::current();
    let (user, to) = (change.user, change.to);
    let from = change.from.map(JoinStatus::as_str);
    tx.on_commit(move || {
        let status = to.as_str();
        let log = || match (from, to) {
            (Some("waitlisted"), JoinStatus::Active) => {
                tracing::info!(%event, %user, status, "join promoted");
            }
            (_, JoinStatus::Active | JoinStatus::Waitlisted) => {
                tracing::info!(%event, %user, status, "join created");
            }
            (_, JoinStatus::Canceled) => {
                tracing::info!(%event, %user, previous_status = from, "join canceled");
            }
            (_, JoinStatus::Rejected) => {
                tracing::info!(%event, %user, previous_status = from, "join rejected");
            }
            // The expiry logs one line for each page.
            (_, JoinStatus::Expired) => {}
        };
        match context {
            Some(context) => context::sync_scope(context, log),
            None => log(),
        }
    });
}

impl Joins {
    /// Moves the oldest queued changes to the audit log. Returns `true` if more may be left.
    pub(crate) async fn audit_changes(&self) -> Result<bool, JoinError> {
        self.database
            .transaction(|tx| async move {
                let changes = audit_queue::list_oldest(&tx, AUDIT_BATCH_SIZE).await?;
                if changes.is_empty() {
                    return Ok(false);
                }
                // The delete waits for other replicas, which may be moving the same changes.
                match audit_queue::delete(&tx, &changes).await? {
                    0 => return Ok(false),
                    deleted if deleted < changes.len() => return Err(JoinError::AuditConflict),
                    _ => {}
                }
                let entries = changes.iter().map(entry);
                self.audit.append_all(&tx, entries).await?;
                Ok(true)
            })
            .await
    }
}

fn entry(change: &QueuedChange) -> AuditEntry {
    let action = match (change.from, change.to) {
        (Some(JoinStatus::Waitlisted), JoinStatus::Active) => "join.promote",
        (_, JoinStatus::Active | JoinStatus::Waitlisted) => "join.create",
        (_, JoinStatus::Canceled) => "join.cancel",
        (_, JoinStatus::Expired) => "join.expire",
        (_, JoinStatus::Rejected) => "join.reject",
    };
    let mut entry = AuditEntry::new(action)
        .target("user", change.user.to_string())
        .detail("event", change.event.to_string())
        .detail("status", change.to.as_str())
        .detail("at", change.at.to_string());
    if let Some(actor) = &change.actor {
        entry = entry.actor(actor.as_str());
    }
    if let Some(request_id) = &change.request_id {
        entry = entry.detail("request_id", request_id.as_str());
    }
    entry
}
