//! The changes of a join, each with its history and its counts, by whoever holds the places.

use city_events_contract::{Moment, messages::JoinPromoted};
use seaworthy::data::{DataError, Transaction, sql};
use uuid::Uuid;

use super::{Store, rows::join_columns};
use crate::domain::{Change, Join, JoinError, JoinStatus, Places};

/// Why somebody who waited got a place.
const SLOT_FREED: &str = "slot_freed";
/// Promotions that are made of one look at the waitlist.
const PROMOTED_AT_ONCE: u32 = 100;

/// Writes what became of somebody.
pub(super) async fn remember(
    tx: &Transaction,
    places: &Places,
    change: Change<'_>,
) -> Result<(), DataError> {
    sql("INSERT INTO join_history (event_id, user_id, from_status, to_status, reason, actor_id, happened_at, revision) VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
        .bind(places.event)
        .bind(change.user)
        .bind(change.from.map(JoinStatus::as_str))
        .bind(change.to.as_str())
        .bind(change.reason.map(str::to_owned))
        .bind(change.actor.map(|actor| actor.to_string()))
        .bind(change.at.get())
        .bind(places.revision)
        .execute(tx)
        .await
        .map(drop)
}

impl Places {
    /// Counts a change: every change is a revision of its own.
    pub(super) fn count(&mut self, from: Option<JoinStatus>, to: JoinStatus) {
        if let Some(count) = from.and_then(|from| self.count_of(from)) {
            *count = (*count - 1).max(0);
        }
        if let Some(count) = self.count_of(to) {
            *count += 1;
        }
        self.revision += 1;
    }

    /// Counts an expired join of a canceled event. The published count stays zero, so this is not a
    /// revision.
    pub(super) fn expire(&mut self, from: JoinStatus) {
        if let Some(count) = self.count_of(from) {
            *count = (*count - 1).max(0);
        }
    }

    const fn count_of(&mut self, status: JoinStatus) -> Option<&mut i64> {
        match status {
            JoinStatus::Active => Some(&mut self.active),
            JoinStatus::Waitlisted => Some(&mut self.waitlisted),
            JoinStatus::Canceled | JoinStatus::Expired | JoinStatus::Rejected => None,
        }
    }
}

/// A join that is made or taken up again, at the places' next moment: behind everybody who joined before.
pub(super) async fn enter(
    tx: &Transaction,
    places: &mut Places,
    user: Uuid,
    earlier: Option<(Uuid, JoinStatus)>,
    to: JoinStatus,
    at: Moment,
) -> Result<(), DataError> {
    places.joined_at = Some(at);
    let activated_at = (to == JoinStatus::Active).then(|| at.get());
    match earlier {
        Some((id, _)) => sql("UPDATE joins
             SET status = ?, created_at = ?, updated_at = ?, activated_at = ?, canceled_at = NULL, canceled_by = NULL, canceled_reason = NULL,
                 expired_at = NULL, expired_reason = NULL, rejected_at = NULL, rejected_by = NULL, rejected_reason = NULL
             WHERE id = ?")
            .bind(to.as_str())
            .bind(at.get())
            .bind(at.get())
            .bind(activated_at)
            .bind(id)
            .execute(tx)
            .await?,
        None => sql("INSERT INTO joins (id, event_id, user_id, status, created_at, updated_at, activated_at) VALUES (?, ?, ?, ?, ?, ?, ?)")
            .bind(seaworthy::core::new_id())
            .bind(places.event)
            .bind(user)
            .bind(to.as_str())
            .bind(at.get())
            .bind(at.get())
            .bind(activated_at)
            .execute(tx)
            .await?,
    };
    let from = earlier.map(|(_, status)| status);
    places.count(from, to);
    let change = Change {
        user,
        from,
        to,
        reason: None,
        actor: Some(user),
        at,
    };
    remember(tx, places, change).await
}

impl Store {
    /// Gives free places to those who wait, the longest-waiting first. Nobody gets a place of an event that takes nobody.
    pub(super) async fn fill(
        &self,
        tx: &Transaction,
        places: &mut Places,
        now: Moment,
    ) -> Result<(), JoinError> {
        while places.have_room() && places.waitlisted > 0 && places.closed(now).is_none() {
            let waiting: Vec<Join> = sql(concat!(
                "SELECT ",
                join_columns!(),
                " FROM joins WHERE event_id = ? AND status = 'waitlisted' ORDER BY created_at, id LIMIT ?"
            ))
            .bind(places.event)
            .bind(PROMOTED_AT_ONCE)
            .fetch_all(tx)
            .await?;
            if waiting.is_empty() {
                break;
            }
            for join in waiting {
                if !places.have_room() {
                    break;
                }
                self.promote(tx, places, &join, now).await?;
            }
        }
        Ok(())
    }

    async fn promote(
        &self,
        tx: &Transaction,
        places: &mut Places,
        join: &Join,
        now: Moment,
    ) -> Result<(), JoinError> {
        sql("UPDATE joins SET status = 'active', activated_at = ?, updated_at = ? WHERE id = ?")
            .bind(now.get())
            .bind(now.get())
            .bind(join.id)
            .execute(tx)
            .await?;
        places.count(Some(JoinStatus::Waitlisted), JoinStatus::Active);
        let change = Change {
            user: join.user,
            from: Some(JoinStatus::Waitlisted),
            to: JoinStatus::Active,
            reason: Some(SLOT_FREED),
            actor: None,
            at: now,
        };
        remember(tx, places, change).await?;
        let promoted = JoinPromoted {
            event_id: places.event,
            user_id: join.user,
            reason: SLOT_FREED.to_owned(),
            seats: Some(places.seats()),
        };
        self.tell(tx, places.event, &promoted).await?;
        Ok(())
    }
}
