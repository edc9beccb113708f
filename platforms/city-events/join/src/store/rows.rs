use chrono::{DateTime, Utc};
use city_events_contract::Moment;
use seaworthy::data::{DataError, FromRow, Row};

use crate::domain::{Join, JoinStatus, Places, PlacesState};

/// The columns of a join, in every statement that reads one.
macro_rules! join_columns {
    () => {
        "id, event_id, user_id, status, created_at, updated_at, activated_at, canceled_at, canceled_by, canceled_reason, expired_at, expired_reason, rejected_at, rejected_by, rejected_reason"
    };
}
pub(super) use join_columns;

pub(super) fn moment(row: &Row, name: &str) -> Result<Moment, DataError> {
    row.get::<DateTime<Utc>>(name).map(Moment::from)
}

pub(super) fn some_moment(row: &Row, name: &str) -> Result<Option<Moment>, DataError> {
    let moment: Option<DateTime<Utc>> = row.get(name)?;
    Ok(moment.map(Moment::from))
}

pub(super) fn status(name: &str) -> Result<JoinStatus, DataError> {
    name.parse()
        .map_err(|_| DataError::unexpected_value("a status of a join is none of the five"))
}

impl FromRow for Join {
    fn from_row(row: &Row) -> Result<Self, DataError> {
        Ok(Self {
            id: row.get("id")?,
            event: row.get("event_id")?,
            user: row.get("user_id")?,
            status: status(&row.get::<String>("status")?)?,
            created_at: moment(row, "created_at")?,
            updated_at: moment(row, "updated_at")?,
            activated_at: some_moment(row, "activated_at")?,
            canceled_at: some_moment(row, "canceled_at")?,
            canceled_by: row.get("canceled_by")?,
            canceled_reason: row.get("canceled_reason")?,
            expired_at: some_moment(row, "expired_at")?,
            expired_reason: row.get("expired_reason")?,
            rejected_at: some_moment(row, "rejected_at")?,
            rejected_by: row.get("rejected_by")?,
            rejected_reason: row.get("rejected_reason")?,
        })
    }
}

impl FromRow for Places {
    fn from_row(row: &Row) -> Result<Self, DataError> {
        let state = PlacesState::named(&row.get::<String>("state")?);
        Ok(Self {
            event: row.get("event_id")?,
            capacity: row.get("capacity")?,
            active: row.get("active_count")?,
            waitlisted: row.get("waitlist_count")?,
            state: state.ok_or_else(|| {
                DataError::unexpected_value("a state of places is none of the three")
            })?,
            owner: row.get("owner_id")?,
            ends_at: some_moment(row, "ends_at")?,
            announced_at: moment(row, "announced_at")?,
            joined_at: some_moment(row, "joined_at")?,
            revision: row.get("revision")?,
            updated_at: moment(row, "updated_at")?,
        })
    }
}
