//! Bodies of requests.

use chrono::{DateTime, Utc};
use city_events_contract::{
    event::v1::{CoverImages, CreateEventRequest, UpdateEventRequest},
    json_object,
};
use seaworthy::axum::{body::Bytes, http::StatusCode};
use serde::{Deserialize, de::DeserializeOwned};

use crate::{api_error::ApiError, timestamp};

/// A new event, or the changed fields of an event.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EventBody {
    title: Option<String>,
    description: Option<String>,
    city: Option<String>,
    category: Option<String>,
    start_time: Option<DateTime<Utc>>,
    end_time: Option<DateTime<Utc>>,
    capacity: Option<i32>,
    cover_image_ids: Option<Vec<String>>,
}

/// The reason for a moderator's action.
#[derive(Debug, Default, Deserialize)]
pub(super) struct ReasonBody {
    #[serde(default)]
    pub(super) reason: String,
}

/// Parses a JSON object. The media type is ignored.
pub(super) fn read<T: DeserializeOwned>(bytes: &Bytes) -> Result<T, ApiError> {
    json_object(bytes).map_err(|error| match error.is_data() {
        // The body is valid JSON with invalid fields.
        true => ApiError::new(
            StatusCode::BAD_REQUEST,
            "validation_error",
            "invalid json body",
        ),
        false => ApiError::invalid("invalid json body"),
    })
}

impl EventBody {
    pub(super) fn into_create(self) -> CreateEventRequest {
        CreateEventRequest {
            title: self.title.unwrap_or_default(),
            description: self.description.unwrap_or_default(),
            city: self.city.unwrap_or_default(),
            category: self.category.unwrap_or_default(),
            start_time: self.start_time.map(timestamp::to_proto),
            end_time: self.end_time.map(timestamp::to_proto),
            capacity: self.capacity.unwrap_or_default(),
            cover_image_ids: self.cover_image_ids.unwrap_or_default(),
        }
    }

    pub(super) fn into_update(self, id: String) -> UpdateEventRequest {
        UpdateEventRequest {
            id,
            title: self.title,
            description: self.description,
            city: self.city,
            category: self.category,
            start_time: self.start_time.map(timestamp::to_proto),
            end_time: self.end_time.map(timestamp::to_proto),
            capacity: self.capacity,
            covers: self.cover_image_ids.map(|ids| CoverImages { ids }),
        }
    }
}
