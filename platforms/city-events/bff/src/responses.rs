//! JSON objects of the interface. Fields may be added and are never removed.

use chrono::{DateTime, Utc};
use city_events_contract::{event::v1 as event, join::v1 as join};
use serde::Serialize;

use crate::timestamp;

/// An event with all fields.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) city: String,
    pub(crate) category: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cover_image: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) cover_image_ids: Vec<String>,
    pub(crate) start_time: String,
    pub(crate) end_time: String,
    /// Always empty. Clients read the field.
    pub(crate) location: &'static str,
    pub(crate) capacity: i32,
    pub(crate) active_participants: i32,
    pub(crate) created_by: String,
    pub(crate) owner_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) organizer_name: Option<String>,
    pub(crate) status: &'static str,
}

/// An event in a list.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Card {
    pub(crate) id: String,
    pub(crate) title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cover_image: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) cover_image_ids: Vec<String>,
    pub(crate) start_time: String,
    pub(crate) end_time: String,
    pub(crate) city: String,
    pub(crate) category: String,
    pub(crate) active_participants: i32,
    pub(crate) capacity: i32,
    pub(crate) status: &'static str,
    /// The caller's join status, in the list of their joins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) participation: Option<&'static str>,
    /// The start time for pages.
    #[serde(skip)]
    pub(crate) starts_at: Option<DateTime<Utc>>,
}

/// A page of a list.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Page {
    pub(crate) items: Vec<Card>,
    pub(crate) next_cursor: String,
    pub(crate) has_more: bool,
}

impl Page {
    /// Creates a page. An empty cursor means that it is the last one.
    pub(crate) fn new(items: Vec<Card>, next_cursor: String) -> Self {
        Self {
            items,
            has_more: !next_cursor.is_empty(),
            next_cursor,
        }
    }
}

/// The result of joining or leaving an event.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct JoinState {
    pub(crate) event_id: String,
    pub(crate) user_id: String,
    pub(crate) status: &'static str,
    pub(crate) updated_at: String,
}

/// The caller's participation in an event.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Participation {
    pub(crate) event_id: String,
    pub(crate) user_id: String,
    pub(crate) status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) joined_at: Option<String>,
}

impl From<event::Event> for Event {
    fn from(event: event::Event) -> Self {
        Self {
            status: event_status(event.status()),
            start_time: text(event.start_time.as_ref()),
            end_time: text(event.end_time.as_ref()),
            cover_image: event.cover_image_ids.first().cloned(),
            id: event.id,
            title: event.title,
            description: event.description,
            city: event.city,
            category: event.category,
            cover_image_ids: event.cover_image_ids,
            location: "",
            capacity: event.capacity,
            active_participants: event.active_participants,
            created_by: event.owner_id.clone(),
            owner_id: event.owner_id,
            organizer_name: None,
        }
    }
}

impl From<event::Event> for Card {
    fn from(event: event::Event) -> Self {
        Self {
            status: event_status(event.status()),
            starts_at: timestamp::from_proto(event.start_time.as_ref()),
            start_time: text(event.start_time.as_ref()),
            end_time: text(event.end_time.as_ref()),
            cover_image: event.cover_image_ids.first().cloned(),
            id: event.id,
            title: event.title,
            cover_image_ids: event.cover_image_ids,
            city: event.city,
            category: event.category,
            active_participants: event.active_participants,
            capacity: event.capacity,
            participation: None,
        }
    }
}

fn text(time: Option<&prost_types::Timestamp>) -> String {
    timestamp::from_proto(time)
        .map(timestamp::to_text)
        .unwrap_or_default()
}

pub(crate) fn event_status(status: event::EventStatus) -> &'static str {
    match status {
        event::EventStatus::Published => "published",
        event::EventStatus::Canceled => "canceled",
        event::EventStatus::Draft | event::EventStatus::Unspecified => "draft",
    }
}

/// Returns the join status in the interface: `none` if the user never joined.
pub(crate) fn join_status(status: join::JoinStatus) -> &'static str {
    match status {
        join::JoinStatus::Unspecified => "none",
        join::JoinStatus::Active => "active",
        join::JoinStatus::Waitlisted => "waitlisted",
        join::JoinStatus::Canceled => "canceled",
        join::JoinStatus::Expired => "expired",
        join::JoinStatus::Rejected => "rejected",
    }
}
