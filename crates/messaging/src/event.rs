use bytes::Bytes;
use serde::{Serialize, de::DeserializeOwned};

use crate::{InvalidName, Topic};

/// Something that has happened, and that other services may want to know: a kind and a version of its payload (MSG-6).
///
/// The payload is JSON where the type has serde's traits ([`Message::of`](crate::Message::of), [`Subscription::on`](crate::Subscription::on)), or protobuf where it is a
/// message of prost ([`Message::protobuf`](crate::Message::protobuf), [`Subscription::on_protobuf`](crate::Subscription::on_protobuf)).
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
    /// The kind, such as `symbol.created`.
    const TYPE: &'static str;
    /// The version of the payload: raised when a consumer of the old one could not read the new one.
    const VERSION: u32;
    /// The topic, where it is not named like the kind.
    const TOPIC: &'static str = Self::TYPE;
}

/// The topic of an event.
///
/// # Errors
/// [`InvalidName`] when the event names it wrongly.
pub(crate) fn topic_of<E: Event>() -> Result<Topic, InvalidName> {
    Topic::new(E::TOPIC)
}

/// The media types of payloads.
pub(crate) const JSON: &str = "application/json";
pub(crate) const PROTOBUF: &str = "application/protobuf";

/// A payload is not what its kind says.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Undecodable {
    #[error("the payload is no JSON of its kind: {0}")]
    Json(#[source] serde_json::Error),
    #[error("the payload is no protobuf message of its kind: {0}")]
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
