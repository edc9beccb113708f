use std::{borrow::Cow, sync::Arc};

use bytes::Bytes;
use serde::Serialize;

use crate::{Message, name::is_valid, sse::RESYNC};

/// Maximum length of a name, longer than any event name of a contract.
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
pub struct Event(Arc<Content>);

#[derive(Debug, PartialEq, Eq)]
struct Content {
    name: Box<str>,
    payload: Bytes,
    /// All arguments, if there are more than the payload.
    message: Option<Message>,
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
        Self::build(name, serde_json::to_vec(payload)?, None)
    }

    /// Creates an event with several arguments or binary data. Clients of Socket.IO receive all of
    /// it. Other clients receive the first argument.
    ///
    /// # Errors
    /// The name is not valid, or an argument cannot be represented as JSON.
    pub fn with_message(name: &str, message: Message) -> Result<Self, InvalidEvent> {
        let payload = serde_json::to_vec(&message.arguments.first())?;
        Self::build(name, payload, Some(message))
    }

    /// Creates the event `resync`: the client may have missed events and reads the state.
    pub(crate) fn resync() -> Self {
        Self(Arc::new(Content {
            name: RESYNC.into(),
            payload: Bytes::from_static(b"{}"),
            message: None,
        }))
    }

    /// Creates an event from a payload that is JSON already.
    #[cfg(feature = "redis")]
    pub(crate) fn raw(name: &str, payload: Vec<u8>) -> Result<Self, InvalidEvent> {
        Self::build(name, payload, None)
    }

    fn build(name: &str, payload: Vec<u8>, message: Option<Message>) -> Result<Self, InvalidEvent> {
        if !is_valid(name, MAX_NAME_LENGTH) {
            return Err(InvalidEvent::Name);
        }
        Ok(Self(Arc::new(Content {
            name: name.into(),
            payload: payload.into(),
            message,
        })))
    }

    /// Returns the name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Returns the payload as JSON text without line breaks.
    #[must_use]
    pub fn payload(&self) -> &Bytes {
        &self.0.payload
    }

    pub(crate) fn payload_text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.0.payload)
    }

    pub(crate) fn message(&self) -> Option<&Message> {
        self.0.message.as_ref()
    }

    /// Returns the size of the payload and of the binary data.
    pub(crate) fn size(&self) -> usize {
        let attachments = self.message().map_or(&[][..], |all| &all.attachments);
        self.payload().len() + attachments.iter().map(Bytes::len).sum::<usize>()
    }
}
