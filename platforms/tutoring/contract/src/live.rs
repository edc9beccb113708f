use seaworthy::{
    messaging::{Event, Message},
    prelude::*,
};
use serde_json::Value;

/// An event for connected clients. The gateway sends it to all clients in a room, at most once.
///
/// ```
/// use tutoring_contract::LiveEvent;
/// use uuid::Uuid;
///
/// let event = LiveEvent::for_user(Uuid::from_u128(7), "notification:new", &"a text")?;
/// assert_eq!(event.room, "user:00000000-0000-0000-0000-000000000007");
/// # Ok::<(), seaworthy::prelude::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LiveEvent {
    /// The room, such as `user:{id}`, `conversation:{id}` or `journey:{id}`.
    pub room: String,
    /// The name of the event, such as `chat:message`.
    pub event: String,
    /// The payload. `null` if it is encrypted.
    #[serde(default)]
    pub data: Value,
    /// The encrypted payload, so that no broker and no outbox stores the text of a chat, a code or
    /// a place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<String>,
}

impl LiveEvent {
    /// Creates an event for a user.
    ///
    /// # Errors
    /// [`Code::Internal`] if the payload is not JSON.
    pub fn for_user(user: Uuid, event: &str, data: &impl Serialize) -> Result<Self, Error> {
        Self::new(format!("user:{user}"), event, data)
    }

    /// Creates an event for the participants of a conversation.
    ///
    /// # Errors
    /// [`Code::Internal`] if the payload is not JSON.
    pub fn for_conversation(id: Uuid, event: &str, data: &impl Serialize) -> Result<Self, Error> {
        Self::new(format!("conversation:{id}"), event, data)
    }

    /// Creates an event for the student of a journey.
    ///
    /// # Errors
    /// [`Code::Internal`] if the payload is not JSON.
    pub fn for_journey(id: Uuid, event: &str, data: &impl Serialize) -> Result<Self, Error> {
        Self::new(format!("journey:{id}"), event, data)
    }

    fn new(room: String, event: &str, data: &impl Serialize) -> Result<Self, Error> {
        Ok(Self {
            room,
            event: event.to_owned(),
            data: serde_json::to_value(data).map_err(Error::internal)?,
            sealed: None,
        })
    }

    /// Returns the message. The events of a room stay in order.
    pub fn message(&self) -> Message {
        Message::from_event(self).key(&self.room)
    }
}

impl Event for LiveEvent {
    const TYPE: &'static str = "LIVE_EVENT";
    const VERSION: u32 = 1;
    const TOPIC: &'static str = "realtime-feed";
}
