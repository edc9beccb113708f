//! Conversions between domain types and the types of the HTTP and gRPC interfaces.

use city_events_contract::{Timestamp, event::v1 as call};
use seaworthy::prelude::*;
use uuid::Uuid;

use crate::domain::{Details, Event, EventError, Patch, StateName};

/// JSON representation of an event.
#[derive(Debug, Serialize)]
pub(super) struct EventView {
    id: Uuid,
    owner_id: String,
    title: String,
    description: String,
    city: String,
    category: String,
    start_time: Timestamp,
    end_time: Timestamp,
    capacity: i32,
    active_participants: i32,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    published_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    canceled_at: Option<Timestamp>,
    created_at: Timestamp,
    updated_at: Timestamp,
    ended: bool,
    joinable: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cover_image_ids: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cover_image: Option<String>,
}

impl From<Event> for EventView {
    fn from(event: Event) -> Self {
        let now = Timestamp::now();
        Self {
            id: event.id,
            ended: event.has_ended(now),
            joinable: event.is_joinable(now),
            owner_id: event.owner,
            title: event.details.title,
            description: event.details.description,
            city: event.details.city,
            category: event.details.category,
            start_time: event.details.start_time,
            end_time: event.details.end_time,
            capacity: event.details.capacity,
            active_participants: event.active_participants,
            status: event.state.name().as_str(),
            published_at: event.state.published_at(),
            canceled_at: event.state.canceled_at(),
            created_at: event.created_at,
            updated_at: event.updated_at,
            cover_image: event.details.covers.first().cloned(),
            cover_image_ids: event.details.covers,
        }
    }
}

/// Body of a request that creates an event. Unknown fields are rejected.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateBody {
    #[serde(default)]
    title: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    city: String,
    #[serde(default)]
    category: String,
    start_time: Option<Timestamp>,
    end_time: Option<Timestamp>,
    #[serde(default)]
    capacity: i32,
    #[serde(default)]
    cover_image_ids: Option<Vec<String>>,
}

impl CreateBody {
    /// Returns the details without validating them.
    pub(super) fn details(self) -> Result<Details, EventError> {
        Ok(Details {
            title: self.title,
            description: self.description,
            city: self.city,
            category: self.category,
            start_time: required("start_time", self.start_time)?,
            end_time: required("end_time", self.end_time)?,
            capacity: self.capacity,
            covers: self.cover_image_ids.unwrap_or_default(),
        })
    }
}

fn required(field: &'static str, timestamp: Option<Timestamp>) -> Result<Timestamp, EventError> {
    let message = match field {
        "start_time" => "start_time is required",
        _ => "end_time is required",
    };
    timestamp.ok_or(EventError::invalid(field, message))
}

/// Body of a request that changes an event. Unknown fields are rejected.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UpdateBody {
    title: Option<String>,
    description: Option<String>,
    city: Option<String>,
    category: Option<String>,
    start_time: Option<Timestamp>,
    end_time: Option<Timestamp>,
    capacity: Option<i32>,
    cover_image_ids: Option<Vec<String>>,
}

impl From<UpdateBody> for Patch {
    fn from(body: UpdateBody) -> Self {
        Self {
            title: body.title,
            description: body.description,
            city: body.city,
            category: body.category,
            start_time: body.start_time,
            end_time: body.end_time,
            capacity: body.capacity,
            covers: body.cover_image_ids,
        }
    }
}

impl From<Event> for call::Event {
    fn from(event: Event) -> Self {
        let now = Timestamp::now();
        let status = match event.state.name() {
            StateName::Draft => call::EventStatus::Draft,
            StateName::Published => call::EventStatus::Published,
            StateName::Canceled => call::EventStatus::Canceled,
        };
        Self {
            id: event.id.to_string(),
            ended: event.has_ended(now),
            joinable: event.is_joinable(now),
            owner_id: event.owner,
            title: event.details.title,
            description: event.details.description,
            city: event.details.city,
            category: event.details.category,
            start_time: Some(event.details.start_time.into()),
            end_time: Some(event.details.end_time.into()),
            capacity: event.details.capacity,
            active_participants: event.active_participants,
            status: status.into(),
            published_at: event.state.published_at().map(prost_types::Timestamp::from),
            canceled_at: event.state.canceled_at().map(prost_types::Timestamp::from),
            created_at: Some(event.created_at.into()),
            updated_at: Some(event.updated_at.into()),
            cover_image_ids: event.details.covers,
        }
    }
}

/// Returns the details of a gRPC request without validating them.
pub(super) fn details(request: call::CreateEventRequest) -> Result<Details, EventError> {
    Ok(Details {
        title: request.title,
        description: request.description,
        city: request.city,
        category: request.category,
        start_time: required("start_time", timestamp("start_time", request.start_time)?)?,
        end_time: required("end_time", timestamp("end_time", request.end_time)?)?,
        capacity: request.capacity,
        covers: request.cover_image_ids,
    })
}

/// Returns the patch of a gRPC request.
pub(super) fn patch(request: call::UpdateEventRequest) -> Result<Patch, EventError> {
    Ok(Patch {
        title: request.title,
        description: request.description,
        city: request.city,
        category: request.category,
        start_time: timestamp("start_time", request.start_time)?,
        end_time: timestamp("end_time", request.end_time)?,
        capacity: request.capacity,
        covers: request.covers.map(|covers| covers.ids),
    })
}

fn timestamp(
    field: &'static str,
    timestamp: Option<prost_types::Timestamp>,
) -> Result<Option<Timestamp>, EventError> {
    let timestamp = timestamp.map(Timestamp::try_from).transpose();
    timestamp.map_err(|_| EventError::invalid(field, "not a valid timestamp"))
}

/// Parses an event ID in any text form of a UUID.
pub(super) fn parse_id(text: &str) -> Result<Uuid, EventError> {
    Uuid::parse_str(text).map_err(|_| EventError::invalid("id", "invalid path param"))
}
