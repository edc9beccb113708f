//! Statements on notifications.

use jiff::civil::Date;
use seaworthy::{data::prelude::*, prelude::*};
use serde_json::Value;
use tutoring_contract::{CheckedPage, Page, PlatformZone};
use tutoring_identity::{containing, paged};

use crate::domain::{Notice, NotificationKind};

// Returns the text of a statement that reads notifications.
statements! { statement: "SELECT id, user_id, type, title, body, data, read_at, created_at FROM notifications " }

#[derive(Debug, Clone, Serialize, FromRow)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Notification {
    pub(crate) id: Uuid,
    pub(crate) user_id: Uuid,
    pub(crate) r#type: String,
    pub(crate) title: String,
    pub(crate) body: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) data: Option<Value>,
    #[from_row(map = is_read, column = "read_at")]
    pub(crate) read: bool,
    pub(crate) read_at: Option<DateTime<Utc>>,
    pub(crate) created_at: DateTime<Utc>,
}

fn is_read(at: Option<DateTime<Utc>>) -> bool {
    at.is_some()
}

/// The filter of a list.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Filter {
    read: Option<bool>,
    r#type: Option<NotificationKind>,
    from: Option<Bound>,
    to: Option<Bound>,
    /// A part of the title or the text, in any case.
    search: Option<String>,
}

/// The length of `YYYY-MM-DD`.
const DATE_LENGTH: usize = 10;

/// A bound of a range: a time, or a date in the time zone of the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
enum Bound {
    Time(DateTime<Utc>),
    Date(Date),
}

impl TryFrom<String> for Bound {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if let Ok(date) = text.parse::<Date>()
            && text.len() == DATE_LENGTH
        {
            return Ok(Self::Date(date));
        }
        let time = DateTime::parse_from_rfc3339(&text);
        let time = time.map_err(
            |_| "is not a date such as 2026-03-01 or a time such as 2026-03-01T10:00:00Z",
        )?;
        Ok(Self::Time(time.with_timezone(&Utc)))
    }
}

impl Bound {
    /// Returns the time at which a range starts.
    fn start(self, zone: &PlatformZone) -> DateTime<Utc> {
        match self {
            Self::Time(time) => time,
            Self::Date(date) => {
                let start = zone.timestamp(date, 0).as_microsecond();
                DateTime::from_timestamp_micros(start).unwrap_or_default()
            }
        }
    }

    /// Returns the time before which a range ends. A range contains the date of its end.
    fn end(self, zone: &PlatformZone) -> DateTime<Utc> {
        match self {
            Self::Time(time) => time,
            Self::Date(date) => {
                let next = date.tomorrow().unwrap_or(date);
                Self::Date(next).start(zone)
            }
        }
    }
}

/// Stores an unread notification. Returns `None` if the event is known.
pub(crate) async fn insert(
    tx: &Transaction,
    event: &str,
    notice: &Notice,
) -> DataResult<Option<Notification>> {
    let (id, now) = (seaworthy::core::new_id(), Utc::now());
    let inserted = insert_or_ignore!("notifications (id, user_id, event_id, type, title, body, data, search_text, created_at) VALUES ({id}, {notice.user}, {event}, {notice.kind.as_str()}, {notice.title.clone()}, {notice.body.clone()}, {notice.data.clone()}, {notice.search_text()}, {now})")
        .execute(tx)
        .await?;
    Ok((inserted.rows_affected() > 0).then(|| Notification {
        id,
        user_id: notice.user,
        r#type: notice.kind.as_str().to_owned(),
        title: notice.title.clone(),
        body: notice.body.clone(),
        data: notice.data.clone(),
        read: false,
        read_at: None,
        created_at: now,
    }))
}

/// Returns a page of a user's notifications, the newest first.
pub(crate) async fn page(
    connection: &dyn Connection,
    user: Uuid,
    (filter, zone): (&Filter, &PlatformZone),
    page: CheckedPage,
) -> DataResult<Page<Notification>> {
    let is = |set: bool| i64::from(set);
    let kind = filter.r#type;
    let from = filter.from.map(|from| from.start(zone));
    let to = filter.to.map(|to| to.end(zone));
    let (by_kind, kind) = (
        is(kind.is_some()),
        kind.map_or("", NotificationKind::as_str),
    );
    let (has_start, from) = (is(from.is_some()), from.unwrap_or_default());
    let (has_end, to) = (is(to.is_some()), to.unwrap_or_default());
    let searches = is(filter.search.is_some());
    let pattern = &containing(filter.search.as_deref().unwrap_or_default());
    let (unread, read) = (
        is(filter.read == Some(false)),
        is(filter.read == Some(true)),
    );
    statement!(paged, "WHERE user_id = {user} AND ({by_kind} = 0 OR type = {kind}) AND ({has_start} = 0 OR created_at >= {from}) AND ({has_end} = 0 OR created_at < {to})
        AND ({searches} = 0 OR search_text LIKE {pattern} ESCAPE '!') AND ({unread} = 0 OR read_at IS NULL) AND ({read} = 0 OR read_at IS NOT NULL)"; "ORDER BY created_at DESC, id DESC", page)
        .fetch(connection)
        .await
}

/// Returns the number of a user's unread notifications.
pub(crate) async fn unread(connection: &dyn Connection, user: Uuid) -> DataResult<u64> {
    sql!("SELECT COUNT(*) FROM notifications WHERE user_id = {user} AND read_at IS NULL")
        .fetch_one(connection)
        .await
}

/// Marks a user's notification as read or unread. The time of the first read stays.
pub(crate) async fn mark(
    connection: &dyn Connection,
    user: Uuid,
    id: Uuid,
    is_read: bool,
) -> DataResult<Option<Notification>> {
    let update = match is_read {
        true => sql(
            "UPDATE notifications SET read_at = COALESCE(read_at, ?) WHERE id = ? AND user_id = ?",
        )
        .bind(Utc::now()),
        false => sql("UPDATE notifications SET read_at = NULL WHERE id = ? AND user_id = ?"),
    };
    update.bind(id).bind(user).execute(connection).await?;
    statement!(sql, "WHERE id = {id} AND user_id = {user}")
        .fetch_optional(connection)
        .await
}

/// Marks all notifications of a user as read. Returns how many changed.
pub(crate) async fn mark_all_read(connection: &dyn Connection, user: Uuid) -> DataResult<u64> {
    let updated = sql!(
        "UPDATE notifications SET read_at = {Utc::now()} WHERE user_id = {user} AND read_at IS NULL"
    )
    .execute(connection)
    .await?;
    Ok(updated.rows_affected())
}

/// Deletes a user's notification. Returns whether there was one.
pub(crate) async fn delete(connection: &dyn Connection, user: Uuid, id: Uuid) -> DataResult<bool> {
    sql!("DELETE FROM notifications WHERE id = {id} AND user_id = {user}")
        .changes(connection)
        .await
}

/// Deletes all read notifications of a user. Returns their number.
pub(crate) async fn delete_read(connection: &dyn Connection, user: Uuid) -> DataResult<u64> {
    let deleted = sql!("DELETE FROM notifications WHERE user_id = {user} AND read_at IS NOT NULL")
        .execute(connection)
        .await?;
    Ok(deleted.rows_affected())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_days_of_the_platform_api_3() {
        let zone = PlatformZone::default();
        let bound = |text: &str| Bound::try_from(text.to_owned());
        let day = bound("2026-03-01").unwrap();
        assert_eq!(day.start(&zone).to_rfc3339(), "2026-02-28T18:30:00+00:00");
        assert_eq!(day.end(&zone).to_rfc3339(), "2026-03-01T18:30:00+00:00");
        let time = bound("2026-03-01T10:00:00+05:30").unwrap();
        assert_eq!(time.start(&zone), time.end(&zone));
        assert_eq!(time.end(&zone).to_rfc3339(), "2026-03-01T04:30:00+00:00");
        for wrong in ["", "today", "2026-3-1", "2026-02-30", "2026-03-01T10:00"] {
            assert!(bound(wrong).is_err(), "{wrong}");
        }
        let last = bound("9999-12-31").unwrap();
        assert!(last.end(&zone) >= last.start(&zone));
    }
}
