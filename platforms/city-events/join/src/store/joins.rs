use chrono::{DateTime, Utc};
use city_events_contract::Timestamp;
use seaworthy::data::{Connection, DataError, Database, Engine, Transaction, sql};
use uuid::Uuid;

use super::rows::status;
use crate::domain::{Cursor, Join, JoinStatus, Limit, OwnFilter, Page};

macro_rules! join_columns {
    () => {
        "id, event_id, user_id, status, created_at, updated_at, activated_at, canceled_at, canceled_by, canceled_reason, expired_at, expired_reason, rejected_at, rejected_by, rejected_reason"
    };
}

/// Reads the join of a user, in any status.
pub(crate) async fn find(
    connection: &dyn Connection,
    event: Uuid,
    user: Uuid,
) -> Result<Option<Join>, DataError> {
    sql(concat!(
        "SELECT ",
        join_columns!(),
        " FROM joins WHERE event_id = ? AND user_id = ?"
    ))
    .bind(event)
    .bind(user)
    .fetch_optional(connection)
    .await
}

/// Reads the oldest joins of an event with this status, in the order of joining.
pub(crate) async fn list_oldest(
    tx: &Transaction,
    event: Uuid,
    status: JoinStatus,
    max_joins: u32,
) -> Result<Vec<Join>, DataError> {
    sql(concat!(
        "SELECT ",
        join_columns!(),
        " FROM joins WHERE event_id = ? AND status = ? ORDER BY created_at, id LIMIT ?"
    ))
    .bind(event)
    .bind(status.as_str())
    .bind(max_joins)
    .fetch_all(tx)
    .await
}

/// Reads a page of the joins of an event with this status, in the order of joining.
pub(crate) async fn list_by_status(
    database: &Database,
    event: Uuid,
    status: JoinStatus,
    limit: Limit,
    cursor: Option<Cursor>,
) -> Result<Page<Join>, DataError> {
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
    .fetch_all(database)
    .await?;
    Ok(page(joins, limit))
}

/// Reads a page of the joins of a user, newest first.
pub(crate) async fn list_own(
    database: &Database,
    user: Uuid,
    filter: &OwnFilter,
    limit: Limit,
    cursor: Option<Cursor>,
) -> Result<Page<Join>, DataError> {
    let statuses = match filter.statuses.as_slice() {
        [] => JoinStatus::ALL.as_slice(),
        statuses => statuses,
    };
    let (earliest, latest) = (earliest(), latest(database.engine()));
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
    .bind(filter.from.map_or(earliest, Timestamp::get).clamp(earliest, latest))
    .bind(filter.to.map_or(latest, Timestamp::get).clamp(earliest, latest))
    .bind(before.created_at.get())
    .bind(before.id)
    .bind(limit.get() + 1)
    .fetch_all(database)
    .await?;
    Ok(page(joins, limit))
}

/// The lower bound of times. A parameter on MariaDB is a TIMESTAMP, whose range begins here.
fn earliest() -> DateTime<Utc> {
    DateTime::from_timestamp(1, 0).unwrap_or(DateTime::UNIX_EPOCH)
}

/// The upper bound of times. The range of TIMESTAMP on MariaDB ends in 2038.
fn latest(engine: Engine) -> DateTime<Utc> {
    let seconds = match engine {
        Engine::MySql => i64::from(i32::MAX),
        Engine::Postgres | Engine::Sqlite => 253_370_764_800,
    };
    DateTime::from_timestamp(seconds, 0).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// Builds a page from `limit + 1` rows. The additional row shows that there is another page.
fn page(mut joins: Vec<Join>, limit: Limit) -> Page<Join> {
    let page_size = usize::try_from(limit.get()).unwrap_or(usize::MAX);
    let has_more = joins.len() > page_size;
    joins.truncate(page_size);
    let last = joins.last().filter(|_| has_more);
    Page {
        next: last.map(|join| Cursor {
            created_at: join.created_at,
            id: join.id,
        }),
        items: joins,
    }
}

/// Counts the active and the waitlisted joins of an event.
pub(crate) async fn count(tx: &Transaction, event: Uuid) -> Result<(i64, i64), DataError> {
    let counts: Vec<(String, i64)> = sql("SELECT status, count(*) FROM joins WHERE event_id = ? AND status IN ('active', 'waitlisted') GROUP BY status")
        .bind(event)
        .fetch_all(tx)
        .await?;
    let (mut active, mut waitlisted) = (0, 0);
    for (name, count) in counts {
        match status(&name)? {
            JoinStatus::Active => active = count,
            JoinStatus::Waitlisted => waitlisted = count,
            JoinStatus::Canceled | JoinStatus::Expired | JoinStatus::Rejected => {}
        }
    }
    Ok((active, waitlisted))
}

/// Inserts the first join of a user.
pub(crate) async fn insert(
    tx: &Transaction,
    id: Uuid,
    (event, user): (Uuid, Uuid),
    status: JoinStatus,
    at: Timestamp,
) -> Result<(), DataError> {
    sql("INSERT INTO joins (id, event_id, user_id, status, created_at, updated_at, activated_at) VALUES (?, ?, ?, ?, ?, ?, ?)")
        .bind(id)
        .bind(event)
        .bind(user)
        .bind(status.as_str())
        .bind(at.get())
        .bind(at.get())
        .bind((status == JoinStatus::Active).then(|| at.get()))
        .execute(tx)
        .await
        .map(drop)
}

/// Reuses the row of a join that has ended.
pub(crate) async fn reset(
    tx: &Transaction,
    join: Uuid,
    status: JoinStatus,
    at: Timestamp,
) -> Result<(), DataError> {
    sql("UPDATE joins
         SET status = ?, created_at = ?, updated_at = ?, activated_at = ?, canceled_at = NULL, canceled_by = NULL, canceled_reason = NULL,
             expired_at = NULL, expired_reason = NULL, rejected_at = NULL, rejected_by = NULL, rejected_reason = NULL
         WHERE id = ?")
        .bind(status.as_str())
        .bind(at.get())
        .bind(at.get())
        .bind((status == JoinStatus::Active).then(|| at.get()))
        .bind(join)
        .execute(tx)
        .await
        .map(drop)
}

/// Gives a waitlisted join a seat.
pub(crate) async fn activate(
    tx: &Transaction,
    join: Uuid,
    now: Timestamp,
) -> Result<(), DataError> {
    sql("UPDATE joins SET status = 'active', activated_at = ?, updated_at = ? WHERE id = ?")
        .bind(now.get())
        .bind(now.get())
        .bind(join)
        .execute(tx)
        .await
        .map(drop)
}

/// Ends a join on the request of its user.
pub(crate) async fn cancel(
    tx: &Transaction,
    join: Uuid,
    user: Uuid,
    reason: &str,
    now: Timestamp,
) -> Result<(), DataError> {
    sql("UPDATE joins SET status = 'canceled', canceled_at = ?, canceled_by = ?, canceled_reason = ?, updated_at = ? WHERE id = ?")
        .bind(now.get())
        .bind(user)
        .bind(reason)
        .bind(now.get())
        .bind(join)
        .execute(tx)
        .await
        .map(drop)
}

/// Ends a join on the request of an organizer.
pub(crate) async fn reject(
    tx: &Transaction,
    join: Uuid,
    actor: Uuid,
    reason: &str,
    now: Timestamp,
) -> Result<(), DataError> {
    sql("UPDATE joins SET status = 'rejected', rejected_at = ?, rejected_by = ?, rejected_reason = ?, updated_at = ? WHERE id = ?")
        .bind(now.get())
        .bind(actor.to_string())
        .bind(reason)
        .bind(now.get())
        .bind(join)
        .execute(tx)
        .await
        .map(drop)
}

/// Ends the joins of a canceled event.
pub(crate) async fn expire(
    tx: &Transaction,
    joins: impl Iterator<Item = Uuid>,
    reason: &str,
    now: Timestamp,
) -> Result<(), DataError> {
    sql("UPDATE joins SET status = 'expired', expired_at = ?, expired_reason = ?, updated_at = ? WHERE id IN (?*)")
        .bind(now.get())
        .bind(reason)
        .bind(now.get())
        .bind_list(joins)
        .execute(tx)
        .await
        .map(drop)
}
