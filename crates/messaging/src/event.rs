use bytes::Bytes;
use serde::{Serialize, de::DeserializeOwned};

use crate::{ConsumerGroup, InvalidName, Topic};

/// An event with a type and a version of its payload (MSG-6).
///
/// The payload is JSON ([`Message::from_event`](crate::Message::from_event),
/// [`Subscription::on`](crate::Subscription::on)) or protobuf
/// ([`Message::protobuf`](crate::Message::protobuf),
/// [`Subscription::on_protobuf`](crate::Subscription::on_protobuf)).
///
/// ```
/// use seaworthy_messaging::Event;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// struct SymbolCreated { id: u64, label: String }
///
/// impl Event for SymbolCreated {
///     const TYPE: &'static str = "symbol.created";
///     const VERSION: u32 = 1;
/// }
/// ```
pub trait Event: Send + 'static {
    /// The event type, such as `symbol.created`.
    const TYPE: &'static str;
    /// The version of the payload. Increase it when consumers of the previous version cannot read
    /// the payload.
    const VERSION: u32;
    /// The topic. By default it has the name of the event type.
    const TOPIC: &'static str = Self::TYPE;
    /// The consumer groups that must receive every event (MSG-3). A publisher creates these groups
    /// when it declares the topic. So an event is not lost if it is published before the first
    /// start of its consumers. Other groups receive events after their first subscription.
    const GROUPS: &'static [ConsumerGroup] = &[];
}

/// Returns the topic of an event.
///
/// # Errors
/// [`InvalidName`] if [`Event::TOPIC`] is not a valid name.
pub(crate) fn topic_of<E: Event>() -> Result<Topic, InvalidName> {
    Topic::new(E::TOPIC)
}

/// The media types of event payloads.
pub(crate) const JSON: &str = "application/json";
pub(crate) const PROTOBUF: &str = "application/protobuf";

/// The payload cannot be decoded as its event type.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Undecodable {
    #[error("the payload is not valid JSON of its event type: {0}")]
    Json(#[source] serde_json::Error),
    #[error("the payload is not a valid protobuf message of its event type: {0}")]
    Protobuf(#[source] prost::DecodeError),
}

pub(crate) fn to_json<E: Serialize>(event: &E) -> Result<Bytes, serde_json::Error> {
    serde_json::to_vec(event).map(Bytes::from)
}

pub(crate) fn from_json<E: DeserializeOwned>(payload: &Bytes) -> Result<E, Undecodable> {
    serde_json::from_slice(payload).map_err(Undecodable::Json)
}

pub(crate) fn from_protobuf<E: prost::Message + Default>(
    payload: &Bytes,
) -> Result<E, Undecodable> {
    E::decode(payload.clone()).map_err(Undecodable::Protobuf)
}
