use seaworthy::{data::prelude::*, prelude::*};
use serde_json::Value;
use tutoring_contract::CheckedPage;
use tutoring_identity::insert_or_ignore;
use uuid::Uuid;

use crate::domain::{Notice, NotificationKind};

/// Returns the text of a statement that reads notifications.
macro_rules! statement {
    ($($rest:literal),+) => {
        sql!("SELECT id, user_id, type, title, body, data, read_at, created_at FROM notifications ", $($rest),+)
    };
}

/// Returns the text of a statement on the notifications that a filter matches.
macro_rules! matching {
    ($start:literal, $end:literal) => {
        concat!(
            $start,
            " WHERE user_id = ? AND (? = 0 OR type = ?) AND (? = 0 OR created_at >= ?) AND (? = 0 OR created_at < ?)",
            " AND (? = 0 OR search_text LIKE ? ESCAPE '!') AND (? = 0 OR read_at IS NULL) AND (? = 0 OR read_at IS NOT NULL) ",
            $end
        )
    };
}

/// A notification.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Notification {
    pub(crate) id: Uuid,
    pub(crate) user_id: Uuid,
    pub(crate) r#type: String,
    pub(crate) title: String,
    pub(crate) body: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) data: Option<Value>,
    pub(crate) read: bool,
    pub(crate) read_at: Option<DateTime<Utc>>,
    pub(crate) created_at: DateTime<Utc>,
}

impl FromRow for Notification {
    fn from_row(row: &Row) -> Result<Self, DataError> {
        let read_at: Option<DateTime<Utc>> = row.get("read_at")?;
        Ok(Self {
            id: row.get("id")?,
            user_id: row.get("user_id")?,
            r#type: row.get("type")?,
            title: row.get("title")?,
            body: row.get("body")?,
            data: row.get("data")?,
            read: read_at.is_some(),
            read_at,
            created_at: row.get("created_at")?,
        })
    }
}

/// The filter of a list.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Filter {
    read: Option<bool>,
    r#type: Option<NotificationKind>,
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
    /// A part of the title or the text, in any case.
    search: Option<String>,
}

impl Filter {
    /// Returns the search as a pattern that matches it literally.
    fn pattern(&self) -> String {
        let text = self.search.as_deref().unwrap_or_default().to_lowercase();
        let text = text
            // No stored text has it, and PostgreSQL rejects it.
            .replace('\0', "\u{fffd}")
            .replace('!', "!!")
            .replace('%', "!%")
            .replace('_', "!_");
        format!("%{text}%")
    }

    fn bind(
        &self,
        statement: seaworthy::data::Statement,
        user: Uuid,
    ) -> seaworthy::data::Statement {
        let is = |set: bool| i64::from(set);
        let (from, to) = (self.from, self.to);
        statement
            .bind(user)
            .bind(is(self.r#type.is_some()))
            .bind(self.r#type.map_or("", NotificationKind::as_str))
            .bind(is(from.is_some()))
            .bind(from.unwrap_or_default())
            .bind(is(to.is_some()))
            .bind(to.unwrap_or_default())
            .bind(is(self.search.is_some()))
            .bind(self.pattern())
            .bind(is(self.read == Some(false)))
            .bind(is(self.read == Some(true)))
    }
}

/// Statements on notifications.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Notifications;

impl Notifications {
    /// Stores an unread notification. Returns `None` if the event is known.
    pub(crate) async fn insert(
        tx: &Transaction,
        event: &str,
        notice: &Notice,
    ) -> Result<Option<Notification>, DataError> {
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

    /// Returns a page of a user's notifications, the newest first, and their number.
    pub(crate) async fn page(
        connection: &dyn Connection,
        user: Uuid,
        filter: &Filter,
        page: CheckedPage,
    ) -> Result<(Vec<Notification>, u64), DataError> {
        let count = sql(matching!("SELECT COUNT(*) FROM notifications", ""));
        let (total,): (u64,) = filter.bind(count, user).fetch_one(connection).await?;
        let list = sql(matching!(
            "SELECT id, user_id, type, title, body, data, read_at, created_at FROM notifications",
            "ORDER BY created_at DESC, id DESC LIMIT ? OFFSET ?"
        ));
        let items = filter
            .bind(list, user)
            .bind(page.limit)
            .bind(page.offset())
            .fetch_all(connection)
            .await?;
        Ok((items, total))
    }

    /// Returns the number of a user's unread notifications.
    pub(crate) async fn unread(connection: &dyn Connection, user: Uuid) -> Result<u64, DataError> {
        let (count,): (u64,) =
            sql!("SELECT COUNT(*) FROM notifications WHERE user_id = {user} AND read_at IS NULL")
                .fetch_one(connection)
                .await?;
        Ok(count)
    }

    /// Marks a user's notification as read or unread. The time of the first read stays.
    pub(crate) async fn mark(
        connection: &dyn Connection,
        user: Uuid,
        id: Uuid,
        is_read: bool,
    ) -> Result<Option<Notification>, DataError> {
        let update = match is_read {
            true => sql("UPDATE notifications SET read_at = COALESCE(read_at, ?) WHERE id = ? AND user_id = ?")
                .bind(Utc::now()),
            false => sql("UPDATE notifications SET read_at = NULL WHERE id = ? AND user_id = ?"),
        };
        update.bind(id).bind(user).execute(connection).await?;
        statement!("WHERE id = {id} AND user_id = {user}")
            .fetch_optional(connection)
            .await
    }

    /// Marks all notifications of a user as read. Returns how many changed.
    pub(crate) async fn mark_all_read(
        connection: &dyn Connection,
        user: Uuid,
    ) -> Result<u64, DataError> {
        let updated =
            sql!("UPDATE notifications SET read_at = {Utc::now()} WHERE user_id = {user} AND read_at IS NULL")
                .execute(connection)
                .await?;
        Ok(updated.rows_affected())
    }

    /// Deletes a user's notification. Returns whether there was one.
    pub(crate) async fn delete(
        connection: &dyn Connection,
        user: Uuid,
        id: Uuid,
    ) -> Result<bool, DataError> {
        sql!("DELETE FROM notifications WHERE id = {id} AND user_id = {user}")
            .changes(connection)
            .await
    }

    /// Deletes all read notifications of a user. Returns their number.
    pub(crate) async fn delete_read(
        connection: &dyn Connection,
        user: Uuid,
    ) -> Result<u64, DataError> {
        let deleted =
            sql!("DELETE FROM notifications WHERE user_id = {user} AND read_at IS NOT NULL")
                .execute(connection)
                .await?;
        Ok(deleted.rows_affected())
    }
}
