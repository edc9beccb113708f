use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;

use crate::name::is_valid;

/// Longer than any event name of a contract.
const MAX_NAME_LENGTH: usize = 100;

/// An event for connected clients: a name and a JSON payload.
///
/// Delivery is at most once. The payload should contain an identifier and a version, so that a
/// client reads the state when it missed an event.
///
/// ```
/// use seaworthy_realtime::Event;
/// use serde_json::json;
///
/// let event = Event::new("seats", &json!({ "event": 42, "left": 3, "version": 7 })).unwrap();
/// assert_eq!(event.name(), "seats");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    name: Arc<str>,
    payload: Bytes,
}

/// The event cannot be created.
#[derive(Debug, thiserror::Error)]
pub enum InvalidEvent {
    /// The name is empty, too long, or contains a character that is not allowed.
    #[error(
        "the name of an event is not valid: use 1–{MAX_NAME_LENGTH} ASCII letters, digits, ':', '.', '_' or '-'"
    )]
    Name,
    /// The payload cannot be represented as JSON.
    #[error("the payload of the event is not representable as JSON: {0}")]
    Payload(#[from] serde_json::Error),
}

impl Event {
    /// Creates an event.
    ///
    /// # Errors
    /// The name is not valid, or the payload cannot be represented as JSON.
    pub fn new(name: &str, payload: &impl Serialize) -> Result<Self, InvalidEvent> {
        if !is_valid(name, MAX_NAME_LENGTH) {
            return Err(InvalidEvent::Name);
        }
        Ok(Self {
            name: name.into(),
            payload: serde_json::to_vec(payload)?.into(),
        })
    }

    /// Returns the name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the payload as JSON text without line breaks.
    #[must_use]
    pub fn payload(&self) -> &Bytes {
        &self.payload
    }
}
