//! What is read of joins.

use chrono::{DateTime, Utc};
use city_events_contract::Moment;
use seaworthy::data::{Connection as _, Engine, sql};
use uuid::Uuid;

use super::{Store, places, rows::join_columns};
use crate::domain::{Actor, Cursor, Join, JoinError, JoinStatus, Limit, Listed, OwnFilter, Places};

/// Before anything that happens here. What is bound to a statement on MariaDB is a timestamp there, which begins a second after this moment's zero and ends in 2038.
fn earliest() -> DateTime<Utc> {
    DateTime::from_timestamp(1, 0).unwrap_or(DateTime::UNIX_EPOCH)
}

/// After anything that happens here.
fn latest(engine: Engine) -> DateTime<Utc> {
    let seconds = match engine {
        Engine::MySql => i64::from(i32::MAX),
        Engine::Postgres | Engine::Sqlite => 253_370_764_800,
    };
    DateTime::from_timestamp(seconds, 0).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

impl Store {
    /// Somebody's part in an event.
    pub(crate) async fn participation(&self, user: Uuid, event: Uuid) -> Result<Join, JoinError> {
        let join = sql(concat!(
            "SELECT ",
            join_columns!(),
            " FROM joins WHERE event_id = ? AND user_id = ?"
        ))
        .bind(event)
        .bind(user)
        .fetch_optional(&self.database)
        .await?;
        join.ok_or(JoinError::JoinNotFound)
    }

    /// One's own joins, newest first.
    pub(crate) async fn own(
        &self,
        user: Uuid,
        filter: &OwnFilter,
        limit: Limit,
        cursor: Option<Cursor>,
    ) -> Result<Listed<Join>, JoinError> {
        let statuses = match filter.statuses.as_slice() {
            [] => JoinStatus::ALL.as_slice(),
            statuses => statuses,
        };
        let (earliest, latest) = (earliest(), latest(self.database.engine()));
        let before = cursor.unwrap_or(Cursor {
            created_at: latest.into(),
            id: Uuid::max(),
        });
        let joins = sql(concat!(
            "SELECT ",
            join_columns!(),
            " FROM joins WHERE user_id = ? AND status IN (?*) AND created_at >= ? AND created_at <= ? AND (created_at, id) < (?, ?)
             ORDER BY created_at DESC, id DESC LIMIT ?"
        ))
        .bind(user)
        .bind_list(statuses.iter().map(|status| status.as_str()))
        .bind(filter.from.map_or(earliest, Moment::get).clamp(earliest, latest))
        .bind(filter.to.map_or(latest, Moment::get).clamp(earliest, latest))
        .bind(before.created_at.get())
        .bind(before.id)
        .bind(limit.get() + 1)
        .fetch_all(&self.database)
        .await?;
        Ok(page(joins, limit))
    }

    /// Those of an event that have a place, or that wait, in the order in which they joined.
    pub(crate) async fn people(
        &self,
        actor: Actor,
        event: Uuid,
        status: JoinStatus,
        limit: Limit,
        cursor: Option<Cursor>,
    ) -> Result<Listed<Join>, JoinError> {
        self.seats(actor, event).await?;
        let after = cursor.unwrap_or(Cursor {
            created_at: earliest().into(),
            id: Uuid::nil(),
        });
        let joins = sql(concat!(
            "SELECT ",
            join_columns!(),
            " FROM joins WHERE event_id = ? AND status = ? AND (created_at, id) > (?, ?) ORDER BY created_at, id LIMIT ?"
        ))
        .bind(event)
        .bind(status.as_str())
        .bind(after.created_at.get())
        .bind(after.id)
        .bind(limit.get() + 1)
        .fetch_all(&self.database)
        .await?;
        Ok(page(joins, limit))
    }

    /// The places of an event, for those who look after it.
    pub(crate) async fn seats(&self, actor: Actor, event: Uuid) -> Result<Places, JoinError> {
        let places = places::look(&self.database, event).await?;
        let places = places.ok_or(JoinError::EventNotFound)?;
        if !actor.looks_after(places.owner.as_deref()) {
            return Err(JoinError::Forbidden);
        }
        Ok(places)
    }
}

/// One more was asked for than the page holds: it tells whether there is another.
fn page(mut joins: Vec<Join>, limit: Limit) -> Listed<Join> {
    let most = usize::try_from(limit.get()).unwrap_or(usize::MAX);
    let is_more = joins.len() > most;
    joins.truncate(most);
    let last = joins.last().filter(|_| is_more);
    Listed {
        next: last.map(|join| Cursor {
            created_at: join.created_at,
            id: join.id,
        }),
        items: joins,
    }
}
