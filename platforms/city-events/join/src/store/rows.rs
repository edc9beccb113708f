use seaworthy::data::{DataError, FromRow, Row};

use crate::domain::{EventState, Join, JoinStatus, Seats};

pub(super) fn status(name: &str) -> Result<JoinStatus, DataError> {
    name.parse()
        .map_err(|_| DataError::unexpected_value("joins.status is not a known status"))
}

impl FromRow for Join {
    fn from_row(row: &Row) -> Result<Self, DataError> {
        Ok(Self {
            id: row.get("id")?,
            event: row.get("event_id")?,
            user: row.get("user_id")?,
            status: status(&row.get::<String>("status")?)?,
            created_at: row.get("created_at")?,
            updated_at: row.get("updated_at")?,
            activated_at: row.get("activated_at")?,
            canceled_at: row.get("canceled_at")?,
            canceled_by: row.get("canceled_by")?,
            canceled_reason: row.get("canceled_reason")?,
            expired_at: row.get("expired_at")?,
            expired_reason: row.get("expired_reason")?,
            rejected_at: row.get("rejected_at")?,
            rejected_by: row.get("rejected_by")?,
            rejected_reason: row.get("rejected_reason")?,
        })
    }
}

impl FromRow for Seats {
    fn from_row(row: &Row) -> Result<Self, DataError> {
        let state = EventState::from_name(&row.get::<String>("state")?);
        Ok(Self {
            event: row.get("event_id")?,
            capacity: row.get("capacity")?,
            active: row.get("active_count")?,
            waitlisted: row.get("waitlist_count")?,
            state: state.ok_or_else(|| {
                DataError::unexpected_value("event_capacity.state is not a known state")
            })?,
            owner: row.get("owner_id")?,
            ends_at: row.get("ends_at")?,
            announced_at: row.get("announced_at")?,
            joined_at: row.get("joined_at")?,
            revision: row.get("revision")?,
            updated_at: row.get("updated_at")?,
        })
    }
}
