//! Conversions between the domain and the two transports.

use city_events_contract::{
    Timestamp,
    join::v1::{self, GetSeatsResponse, Participation},
};
use seaworthy::prelude::*;
use uuid::Uuid;

use crate::domain::{Cursor, Join, JoinStatus, Page, Rejection, Seats};

/// A join with all its fields, for its user.
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
    expired_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rejected_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rejected_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rejected_reason: Option<String>,
}

/// A join, for users who may manage the event.
#[derive(Debug, Serialize)]
pub(super) struct Record {
    id: Uuid,
    event_id: Uuid,
    user_id: Uuid,
    status: JoinStatus,
    created_at: Timestamp,
    updated_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    activated_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    canceled_at: Option<Timestamp>,
}

/// The participation of a user in an event.
#[derive(Debug, Serialize)]
pub(super) struct ParticipationRecord {
    event_id: Uuid,
    user_id: Uuid,
    status: JoinStatus,
    joined_at: Timestamp,
}

/// The seats of an event.
#[derive(Debug, Serialize)]
pub(super) struct SeatsRecord {
    event_id: Uuid,
    capacity: i32,
    active_count: i64,
    waitlist_count: i64,
    updated_at: Timestamp,
}

/// A page with the cursor of the next one.
#[derive(Debug, Serialize)]
pub(super) struct PageOf<T> {
    items: Vec<T>,
    next_cursor: String,
}

impl<T: From<Join>> From<Page<Join>> for PageOf<T> {
    fn from(page: Page<Join>) -> Self {
        Self {
            items: page.items.into_iter().map(Into::into).collect(),
            next_cursor: cursor_text(page.next.as_ref()),
        }
    }
}

/// Returns the cursor of the next page as text, which is empty on the last page.
pub(super) fn cursor_text(cursor: Option<&Cursor>) -> String {
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

impl From<Join> for ParticipationRecord {
    fn from(join: Join) -> Self {
        Self {
            event_id: join.event,
            user_id: join.user,
            status: join.status,
            joined_at: join.created_at,
        }
    }
}

impl From<Seats> for SeatsRecord {
    fn from(seats: Seats) -> Self {
        let counts = seats.counts();
        Self {
            event_id: seats.event,
            capacity: seats.capacity,
            active_count: counts.active,
            waitlist_count: counts.waitlisted,
            updated_at: seats.updated_at,
        }
    }
}

impl From<Join> for Participation {
    fn from(join: Join) -> Self {
        Self {
            event_id: join.event.to_string(),
            user_id: join.user.to_string(),
            status: grpc_status(join.status).into(),
            joined_at: Some(join.created_at.into()),
        }
    }
}

impl From<Seats> for GetSeatsResponse {
    fn from(seats: Seats) -> Self {
        let count = |count| i32::try_from(count).unwrap_or(i32::MAX);
        let counts = seats.counts();
        Self {
            event_id: seats.event.to_string(),
            capacity: seats.capacity,
            active_count: count(counts.active),
            waitlist_count: count(counts.waitlisted),
            updated_at: Some(seats.updated_at.into()),
        }
    }
}

/// Converts a status to the enum of the gRPC contract.
pub(super) const fn grpc_status(status: JoinStatus) -> v1::JoinStatus {
    match status {
        JoinStatus::Active => v1::JoinStatus::Active,
        JoinStatus::Waitlisted => v1::JoinStatus::Waitlisted,
        JoinStatus::Canceled => v1::JoinStatus::Canceled,
        JoinStatus::Expired => v1::JoinStatus::Expired,
        JoinStatus::Rejected => v1::JoinStatus::Rejected,
    }
}

/// Parses an ID in any form of a UUID.
///
/// # Errors
/// [`Rejection::Invalid`] with this message.
pub(super) fn parse_id(text: &str, message: &'static str) -> Result<Uuid, Rejection> {
    Uuid::parse_str(text).map_err(|_| Rejection::Invalid(message))
}
