//! Between the domain's words and those of clients.

use city_events_contract::{
    Moment,
    join::v1::{self as call, GetSeatsResponse, Participation},
};
use prost_types::Timestamp;
use seaworthy::prelude::*;
use uuid::Uuid;

use crate::domain::{Join, JoinError, JoinStatus, Listed, Places};

/// A join with everything that happened to it, for whoever joined.
#[derive(Debug, Serialize)]
pub(super) struct OwnRecord {
    #[serde(flatten)]
    record: Record,
    #[serde(skip_serializing_if = "Option::is_none")]
    expired_reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    canceled_by: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    canceled_reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expired_at: Option<Moment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rejected_at: Option<Moment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rejected_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rejected_reason: Option<String>,
}

/// A join, for whoever looks after the event.
#[derive(Debug, Serialize)]
pub(super) struct Record {
    id: Uuid,
    event_id: Uuid,
    user_id: Uuid,
    status: JoinStatus,
    created_at: Moment,
    updated_at: Moment,
    #[serde(skip_serializing_if = "Option::is_none")]
    activated_at: Option<Moment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    canceled_at: Option<Moment>,
}

/// Somebody's part in an event.
#[derive(Debug, Serialize)]
pub(super) struct Part {
    event_id: Uuid,
    user_id: Uuid,
    status: JoinStatus,
    joined_at: Moment,
}

/// The places of an event.
#[derive(Debug, Serialize)]
pub(super) struct Stats {
    event_id: Uuid,
    capacity: i32,
    active_count: i64,
    waitlist_count: i64,
    updated_at: Moment,
}

/// A page.
#[derive(Debug, Serialize)]
pub(super) struct PageOf<T> {
    items: Vec<T>,
    next_cursor: String,
}

impl<T: From<Join>> From<Listed<Join>> for PageOf<T> {
    fn from(listed: Listed<Join>) -> Self {
        Self {
            items: listed.items.into_iter().map(Into::into).collect(),
            next_cursor: next(listed.next.as_ref()),
        }
    }
}

/// The text of the next page's beginning; empty after the last.
pub(super) fn next(cursor: Option<&crate::domain::Cursor>) -> String {
    cursor.map(ToString::to_string).unwrap_or_default()
}

impl From<Join> for Record {
    fn from(join: Join) -> Self {
        Self {
            id: join.id,
            event_id: join.event,
            user_id: join.user,
            status: join.status,
            created_at: join.created_at,
            updated_at: join.updated_at,
            activated_at: join.activated_at,
            canceled_at: join.canceled_at,
        }
    }
}

impl From<Join> for OwnRecord {
    fn from(join: Join) -> Self {
        Self {
            expired_at: join.expired_at,
            expired_reason: join.expired_reason.clone(),
            canceled_by: join.canceled_by,
            canceled_reason: join.canceled_reason.clone(),
            rejected_at: join.rejected_at,
            rejected_by: join.rejected_by.clone(),
            rejected_reason: join.rejected_reason.clone(),
            record: join.into(),
        }
    }
}

impl From<Join> for Part {
    fn from(join: Join) -> Self {
        Self {
            event_id: join.event,
            user_id: join.user,
            status: join.status,
            joined_at: join.created_at,
        }
    }
}

impl From<Places> for Stats {
    fn from(places: Places) -> Self {
        let seats = places.seats();
        Self {
            event_id: places.event,
            capacity: places.capacity,
            active_count: seats.active,
            waitlist_count: seats.waitlisted,
            updated_at: places.updated_at,
        }
    }
}

impl From<Join> for Participation {
    fn from(join: Join) -> Self {
        Self {
            event_id: join.event.to_string(),
            user_id: join.user.to_string(),
            status: called(join.status).into(),
            joined_at: Some(timestamp(join.created_at)),
        }
    }
}

impl From<Places> for GetSeatsResponse {
    fn from(places: Places) -> Self {
        let count = |count| i32::try_from(count).unwrap_or(i32::MAX);
        let seats = places.seats();
        Self {
            event_id: places.event.to_string(),
            capacity: places.capacity,
            active_count: count(seats.active),
            waitlist_count: count(seats.waitlisted),
            updated_at: Some(timestamp(places.updated_at)),
        }
    }
}

/// The status of calls.
pub(super) const fn called(status: JoinStatus) -> call::JoinStatus {
    match status {
        JoinStatus::Active => call::JoinStatus::Active,
        JoinStatus::Waitlisted => call::JoinStatus::Waitlisted,
        JoinStatus::Canceled => call::JoinStatus::Canceled,
        JoinStatus::Expired => call::JoinStatus::Expired,
        JoinStatus::Rejected => call::JoinStatus::Rejected,
    }
}

/// A moment of calls.
pub(super) fn timestamp(moment: Moment) -> Timestamp {
    let moment = moment.get();
    Timestamp {
        seconds: moment.timestamp(),
        nanos: i32::try_from(moment.timestamp_subsec_nanos()).unwrap_or_default(),
    }
}

/// A moment of a call.
pub(super) fn moment(timestamp: Timestamp) -> Result<Moment, JoinError> {
    let nanos = u32::try_from(timestamp.nanos).ok();
    nanos
        .and_then(|nanos| chrono::DateTime::from_timestamp(timestamp.seconds, nanos))
        .map(Moment::from)
        .ok_or(JoinError::Invalid("invalid expires_at"))
}

/// An id in any of the forms of a UUID.
pub(super) fn id(text: &str, fault: &'static str) -> Result<Uuid, JoinError> {
    Uuid::parse_str(text).map_err(|_| JoinError::Invalid(fault))
}
