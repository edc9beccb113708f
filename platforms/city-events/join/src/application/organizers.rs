//! Commands of owners and moderators: kick, ban and unban.

use city_events_contract::{
    Timestamp,
    messages::{JoinBanned, JoinKicked, JoinUnbanned},
};
use seaworthy::{
    audit_log::AuditEntry,
    data::{DataError, Transaction},
};
use uuid::Uuid;

use super::{JoinError, Joins, change_records};
use crate::{
    domain::{Actor, Ban, Join, JoinStatus, Rejection, Seats, StatusChange},
    store::{bans, joins, seats},
};

/// The reason of a kick if the organizer gives no reason.
const KICKED: &str = "kicked";
/// The prefix of the reason of a rejection by a ban.
const BANNED: &str = "banned:";

impl Joins {
    /// Removes a user from an event. Has no effect if the join was rejected or has expired.
    pub(crate) async fn kick(
        &self,
        actor: Actor,
        event: Uuid,
        user: Uuid,
        reason: &str,
    ) -> Result<(), JoinError> {
        let reason = if reason.is_empty() { KICKED } else { reason };
        let _permit = self.concurrency.acquire(event).await?;
        self.database
            .transaction(|tx| async move {
                let mut seats = lock_managed(&tx, actor, event).await?;
                let join = joins::find(&tx, event, user)
                    .await?
                    .ok_or(Rejection::JoinNotFound)?;
                if matches!(join.status, JoinStatus::Rejected | JoinStatus::Expired) {
                    return Ok(());
                }
                let now = Timestamp::now();
                reject(&tx, &mut seats, &join, actor.id, reason, now).await?;
                let kicked = JoinKicked {
                    event_id: event,
                    user_id: user,
                    actor_id: actor.id.to_string(),
                    prev_status: join.status.as_str().to_owned(),
                    reason: reason.to_owned(),
                    action: KICKED.to_owned(),
                    seats: Some(seats.counts()),
                };
                self.store_message(&tx, event, &kicked).await?;
                self.promote_waitlisted(&tx, &mut seats, now).await?;
                seats::update(&tx, &seats, now).await?;
                let entry = audit_entry("join.kick", event, user).detail("reason", reason);
                self.audit.append(&tx, entry).await?;
                Ok(())
            })
            .await
    }

    /// Bans a user from an event, with or without a join, and removes a current join.
    pub(crate) async fn ban(
        &self,
        actor: Actor,
        event: Uuid,
        user: Uuid,
        reason: &str,
        expires_at: Option<Timestamp>,
    ) -> Result<(), JoinError> {
        let _permit = self.concurrency.acquire(event).await?;
        self.database
            .transaction(|tx| async move {
                let mut seats = lock_managed(&tx, actor, event).await?;
                let now = Timestamp::now();
                let ban = Ban { expires_at };
                bans::upsert(&tx, event, user, actor.id, reason, &ban, now).await?;
                let join = joins::find(&tx, event, user).await?;
                let join = join.filter(|join| join.status.is_current());
                if let Some(join) = &join {
                    let reason = format!("{BANNED}{reason}");
                    reject(&tx, &mut seats, join, actor.id, &reason, now).await?;
                }
                let banned = JoinBanned {
                    event_id: event,
                    user_id: user,
                    actor_id: actor.id.to_string(),
                    prev_status: join
                        .as_ref()
                        .map(|join| join.status.as_str().to_owned())
                        .unwrap_or_default(),
                    reason: reason.to_owned(),
                    action: "banned".to_owned(),
                    seats: Some(seats.counts()),
                };
                self.store_message(&tx, event, &banned).await?;
                if join.is_some() {
                    self.promote_waitlisted(&tx, &mut seats, now).await?;
                    seats::update(&tx, &seats, now).await?;
                }
                let mut entry = audit_entry("join.ban", event, user).detail("reason", reason);
                if let Some(end) = expires_at {
                    entry = entry.detail("expires_at", end.to_string());
                }
                self.audit.append(&tx, entry).await?;
                Ok(())
            })
            .await
    }

    /// Lifts a ban. The join that the ban rejected stays rejected.
    pub(crate) async fn unban(
        &self,
        actor: Actor,
        event: Uuid,
        user: Uuid,
    ) -> Result<(), JoinError> {
        let _permit = self.concurrency.acquire(event).await?;
        self.database
            .transaction(|tx| async move {
                lock_managed(&tx, actor, event).await?;
                if !bans::delete(&tx, event, user).await? {
                    return Ok(());
                }
                let unbanned = JoinUnbanned {
                    event_id: event,
                    user_id: user,
                    actor_id: actor.id.to_string(),
                    action: "unbanned".to_owned(),
                };
                self.store_message(&tx, event, &unbanned).await?;
                let entry = audit_entry("join.unban", event, user);
                self.audit.append(&tx, entry).await?;
                Ok(())
            })
            .await
    }
}

/// Locks the seats of an event that the actor may manage. Every transaction locks the seats before
/// joins, so that transactions do not deadlock.
async fn lock_managed(tx: &Transaction, actor: Actor, event: Uuid) -> Result<Seats, JoinError> {
    let seats = seats::lock(tx, event).await?;
    let seats = seats.ok_or(Rejection::EventNotFound)?;
    if !actor.can_manage(seats.owner.as_deref()) {
        return Err(Rejection::Forbidden.into());
    }
    Ok(seats)
}

async fn reject(
    tx: &Transaction,
    seats: &mut Seats,
    join: &Join,
    actor: Uuid,
    reason: &str,
    now: Timestamp,
) -> Result<(), DataError> {
    joins::reject(tx, join.id, actor, reason, now).await?;
    seats.apply_change(Some(join.status), JoinStatus::Rejected);
    let change = StatusChange {
        user: join.user,
        from: Some(join.status),
        to: JoinStatus::Rejected,
        reason: Some(reason),
        actor: Some(actor),
        at: now,
    };
    change_records::record(tx, seats, change).await
}

fn audit_entry(action: &'static str, event: Uuid, user: Uuid) -> AuditEntry {
    AuditEntry::new(action)
        .target("user", user.to_string())
        .detail("event", event.to_string())
}
