//! What organisers and moderators do: kick, ban, unban.

use city_events_contract::{
    Moment,
    messages::{JoinBanned, JoinKicked, JoinUnbanned},
};
use seaworthy::{
    audit_log::AuditEntry,
    data::{DataError, Transaction, sql},
};
use uuid::Uuid;

use super::{Store, bans, changes, places, rows::join_columns};
use crate::domain::{Actor, Change, Join, JoinError, JoinStatus, Places};

/// The reason of a kick that has none.
const KICKED: &str = "kicked";
/// What the reason of a rejection by a ban begins with.
const BANNED: &str = "banned:";

impl Store {
    /// Takes somebody's place away.
    pub(crate) async fn kick(
        &self,
        actor: Actor,
        event: Uuid,
        user: Uuid,
        reason: &str,
    ) -> Result<(), JoinError> {
        let reason = if reason.is_empty() { KICKED } else { reason };
        let _turn = self.turnstile.enter(event).await?;
        self.database
            .transaction(|tx| async move {
                let mut places = self.look_after(&tx, actor, event).await?;
                let join = find(&tx, event, user)
                    .await?
                    .ok_or(JoinError::JoinNotFound)?;
                if matches!(join.status, JoinStatus::Rejected | JoinStatus::Expired) {
                    return Ok(());
                }
                let now = Moment::now();
                reject(&tx, &mut places, &join, actor.id, reason, now).await?;
                let kicked = JoinKicked {
                    event_id: event,
                    user_id: user,
                    actor_id: actor.id.to_string(),
                    prev_status: join.status.as_str().to_owned(),
                    reason: reason.to_owned(),
                    action: KICKED.to_owned(),
                    seats: Some(places.seats()),
                };
                self.tell(&tx, event, &kicked).await?;
                self.fill(&tx, &mut places, now).await?;
                places::write(&tx, &places, now).await?;
                let entry = entry("join.kick", event, user).detail("reason", reason);
                self.audit.append(&tx, entry).await?;
                Ok(())
            })
            .await
    }

    /// Keeps somebody out, whether they have joined or not.
    pub(crate) async fn ban(
        &self,
        actor: Actor,
        event: Uuid,
        user: Uuid,
        reason: &str,
        expires_at: Option<Moment>,
    ) -> Result<(), JoinError> {
        let _turn = self.turnstile.enter(event).await?;
        self.database
            .transaction(|tx| async move {
                let mut places = self.look_after(&tx, actor, event).await?;
                let now = Moment::now();
                bans::write(&tx, event, user, actor.id, reason, expires_at, now).await?;
                let join = find(&tx, event, user).await?;
                let join = join.filter(|join| join.status.is_in());
                if let Some(join) = &join {
                    let reason = format!("{BANNED}{reason}");
                    reject(&tx, &mut places, join, actor.id, &reason, now).await?;
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
                    seats: Some(places.seats()),
                };
                self.tell(&tx, event, &banned).await?;
                if join.is_some() {
                    self.fill(&tx, &mut places, now).await?;
                    places::write(&tx, &places, now).await?;
                }
                let mut entry = entry("join.ban", event, user).detail("reason", reason);
                if let Some(end) = expires_at {
                    entry = entry.detail("expires_at", end.to_string());
                }
                self.audit.append(&tx, entry).await?;
                Ok(())
            })
            .await
    }

    /// Lets somebody in again. The join that the ban rejected stays rejected.
    pub(crate) async fn unban(
        &self,
        actor: Actor,
        event: Uuid,
        user: Uuid,
    ) -> Result<(), JoinError> {
        let _turn = self.turnstile.enter(event).await?;
        self.database
            .transaction(|tx| async move {
                self.look_after(&tx, actor, event).await?;
                if !bans::remove(&tx, event, user).await? {
                    return Ok(());
                }
                let unbanned = JoinUnbanned {
                    event_id: event,
                    user_id: user,
                    actor_id: actor.id.to_string(),
                    action: "unbanned".to_owned(),
                };
                self.tell(&tx, event, &unbanned).await?;
                let entry = entry("join.unban", event, user);
                self.audit.append(&tx, entry).await?;
                Ok(())
            })
            .await
    }

    /// The places of an event that the actor may look after, locked. Everybody locks them first and joins after, so that no two wait for each other.
    async fn look_after(
        &self,
        tx: &Transaction,
        actor: Actor,
        event: Uuid,
    ) -> Result<Places, JoinError> {
        let places = places::lock(tx, event).await?;
        let places = places.ok_or(JoinError::EventNotFound)?;
        if !actor.looks_after(places.owner.as_deref()) {
            return Err(JoinError::Forbidden);
        }
        Ok(places)
    }
}

async fn find(tx: &Transaction, event: Uuid, user: Uuid) -> Result<Option<Join>, DataError> {
    sql(concat!(
        "SELECT ",
        join_columns!(),
        " FROM joins WHERE event_id = ? AND user_id = ?"
    ))
    .bind(event)
    .bind(user)
    .fetch_optional(tx)
    .await
}

async fn reject(
    tx: &Transaction,
    places: &mut Places,
    join: &Join,
    actor: Uuid,
    reason: &str,
    now: Moment,
) -> Result<(), DataError> {
    sql("UPDATE joins SET status = 'rejected', rejected_at = ?, rejected_by = ?, rejected_reason = ?, updated_at = ? WHERE id = ?")
        .bind(now.get())
        .bind(actor.to_string())
        .bind(reason)
        .bind(now.get())
        .bind(join.id)
        .execute(tx)
        .await?;
    places.count(Some(join.status), JoinStatus::Rejected);
    let change = Change {
        user: join.user,
        from: Some(join.status),
        to: JoinStatus::Rejected,
        reason: Some(reason),
        actor: Some(actor),
        at: now,
    };
    changes::remember(tx, places, change).await
}

fn entry(action: &'static str, event: Uuid, user: Uuid) -> AuditEntry {
    AuditEntry::new(action)
        .target("user", user.to_string())
        .detail("event", event.to_string())
}
