//! How somebody stands to an event, read by whoever holds the event's places.

use chrono::{DateTime, Utc};
use city_events_contract::Moment;
use seaworthy::data::{DataError, FromRow, Row, Transaction, sql};
use uuid::Uuid;

use super::{
    rows::{moment, some_moment, status},
    wishes::Wish,
};
use crate::domain::{Answer, IdempotencyKey, JoinError, JoinStatus};

/// What is known of somebody and a key.
#[derive(Debug)]
pub(super) struct Standing {
    key: Option<UsedKey>,
    /// The join there is, of whatever status.
    pub(super) join: Option<(Uuid, JoinStatus, Moment)>,
    ban: Option<Ban>,
}

/// What a key was used for.
#[derive(Debug)]
struct UsedKey {
    user: Uuid,
    event: Uuid,
    action: String,
    answer: String,
    answered_at: Moment,
    expires_at: Moment,
}

/// A ban, which may end.
#[derive(Debug)]
struct Ban {
    expires_at: Option<Moment>,
}

/// Reads all of it in one statement. It has to come after the lock: what a statement sees is what was committed before it began.
pub(super) async fn standing(
    tx: &Transaction,
    key: &IdempotencyKey,
    event: Uuid,
    user: Uuid,
) -> Result<Standing, DataError> {
    sql("SELECT k.user_id AS key_user, k.event_id AS key_event, k.action AS key_action, k.answer AS key_answer, k.answered_at AS key_answered_at, k.expires_at AS key_expires_at,
                b.created_at AS ban_created_at, b.expires_at AS ban_expires_at, j.id AS join_id, j.status AS join_status, j.updated_at AS join_updated_at
         FROM (SELECT 1 AS one) AS person
         LEFT JOIN idempotency_keys k ON k.key_hash = ?
         LEFT JOIN event_bans b ON b.event_id = ? AND b.user_id = ?
         LEFT JOIN joins j ON j.event_id = ? AND j.user_id = ?")
    .bind(key.hash())
    .bind(event)
    .bind(user)
    .bind(event)
    .bind(user)
    .fetch_one(tx)
    .await
}

impl FromRow for Standing {
    fn from_row(row: &Row) -> Result<Self, DataError> {
        let key = match row.get::<Option<Uuid>>("key_user")? {
            None => None,
            Some(user) => Some(UsedKey {
                user,
                event: row.get("key_event")?,
                action: row.get("key_action")?,
                answer: row.get("key_answer")?,
                answered_at: moment(row, "key_answered_at")?,
                expires_at: moment(row, "key_expires_at")?,
            }),
        };
        let join = match row.get::<Option<Uuid>>("join_id")? {
            None => None,
            Some(id) => Some((
                id,
                status(&row.get::<String>("join_status")?)?,
                moment(row, "join_updated_at")?,
            )),
        };
        let ban = row
            .get::<Option<DateTime<Utc>>>("ban_created_at")?
            .map(|_| some_moment(row, "ban_expires_at"));
        let ban = ban.transpose()?.map(|expires_at| Ban { expires_at });
        Ok(Self { key, join, ban })
    }
}

impl Standing {
    /// The answer that the key had before; none where it is new or its time is over.
    ///
    /// # Errors
    /// It was used for something else.
    pub(super) fn repeated(&self, wish: &Wish, now: Moment) -> Result<Option<Answer>, JoinError> {
        let Some(key) = self.key.as_ref().filter(|key| key.expires_at > now) else {
            return Ok(None);
        };
        let wished = (wish.actor.id, wish.event, wish.action.as_str());
        if (key.user, key.event, key.action.as_str()) != wished {
            return Err(JoinError::KeyMismatch);
        }
        Ok(Answer::of(&key.answer, key.answered_at))
    }

    pub(super) fn is_banned(&self, now: Moment) -> bool {
        let ban = self.ban.as_ref();
        ban.is_some_and(|ban| ban.expires_at.is_none_or(|end| end > now))
    }
}
