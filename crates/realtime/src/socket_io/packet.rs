//! The packets of Socket.IO 5, as `socketio/socket.io-protocol` describes them.

use bytes::Bytes;
use serde_json::{Value, json};

use super::engine::{self, Malformed};
use crate::{Event, Message};

/// Maximum number of attachments, more than a message of an application contains.
const MAX_ATTACHMENTS: usize = 16;

/// The kind of a packet from a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Connect,
    Disconnect,
    Event,
    Ack,
}

/// A packet from a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Packet {
    pub(super) kind: Kind,
    pub(super) namespace: Box<str>,
    pub(super) ack: Option<u64>,
    pub(super) data: Option<Value>,
    /// The number of binary messages that follow.
    pub(super) expected: usize,
    pub(super) attachments: Vec<Bytes>,
}

impl Packet {
    pub(super) fn parse(text: &str) -> Result<Self, Malformed> {
        let mut characters = text.chars();
        let (kind, is_binary) = match characters.next() {
            Some('0') => (Kind::Connect, false),
            Some('1') => (Kind::Disconnect, false),
            Some('2') => (Kind::Event, false),
            Some('3') => (Kind::Ack, false),
            Some('5') => (Kind::Event, true),
            Some('6') => (Kind::Ack, true),
            _ => return Err(Malformed),
        };
        let mut rest = characters.as_str();
        let mut expected = 0;
        if is_binary {
            let (count, after) = rest.split_once('-').ok_or(Malformed)?;
            expected = count.parse().map_err(|_| Malformed)?;
            rest = after;
        }
        if expected > MAX_ATTACHMENTS {
            return Err(Malformed);
        }
        let mut namespace = "/";
        if rest.starts_with('/') {
            (namespace, rest) = rest.split_once(',').unwrap_or((rest, ""));
        }
        // A client may add a query to the name.
        let namespace = namespace.split('?').next().unwrap_or_default();
        let digits = rest.find(|next: char| !next.is_ascii_digit());
        let (ack, data) = rest.split_at(digits.unwrap_or(rest.len()));
        let ack = match ack {
            "" => None,
            ack => Some(ack.parse().map_err(|_| Malformed)?),
        };
        let data = match data {
            "" => None,
            data => Some(serde_json::from_str(data).map_err(|_| Malformed)?),
        };
        let packet = Self {
            kind,
            namespace: namespace.into(),
            ack,
            data,
            expected,
            attachments: Vec::new(),
        };
        if packet.is_valid() {
            Ok(packet)
        } else {
            Err(Malformed)
        }
    }

    fn is_valid(&self) -> bool {
        match (self.kind, &self.data) {
            (Kind::Connect, data) => data.as_ref().is_none_or(Value::is_object),
            (Kind::Disconnect, data) => data.is_none(),
            (Kind::Event, Some(Value::Array(values))) => {
                values.first().is_some_and(Value::is_string)
            }
            (Kind::Ack, Some(Value::Array(_))) => self.ack.is_some(),
            _ => false,
        }
    }

    pub(super) fn is_complete(&self) -> bool {
        self.attachments.len() == self.expected
    }

    /// Returns the name and arguments of an event.
    pub(super) fn into_event(self) -> Option<(String, Message)> {
        let Some(Value::Array(values)) = self.data else {
            return None;
        };
        let mut values = values.into_iter();
        let Some(Value::String(name)) = values.next() else {
            return None;
        };
        let message = Message {
            arguments: values.collect(),
            attachments: self.attachments,
        };
        Some((name, message))
    }
}

/// Returns the prefix of a packet in a namespace.
fn prefix(namespace: &str) -> String {
    match namespace {
        "/" => String::new(),
        other => format!("{other},"),
    }
}

pub(super) fn connected(namespace: &str, id: &str) -> engine::Message {
    let data = json!({ "sid": id });
    engine::Message::Text(format!("0{}{data}", prefix(namespace)))
}

pub(super) fn rejected(namespace: &str, data: &Value) -> engine::Message {
    engine::Message::Text(format!("4{}{data}", prefix(namespace)))
}

pub(super) fn disconnected(namespace: &str) -> engine::Message {
    engine::Message::Text(format!("1{}", prefix(namespace)))
}

/// Encodes an event. Names of events need no escape.
pub(super) fn event(namespace: &str, event: &Event) -> Vec<engine::Message> {
    let (prefix, name) = (prefix(namespace), event.name());
    let Some(message) = event.message() else {
        let payload = event.payload_text();
        let text = format!("2{prefix}[\"{name}\",{payload}]");
        return vec![engine::Message::Text(text)];
    };
    let name = Value::from(name);
    let data: Vec<&Value> = std::iter::once(&name).chain(&message.arguments).collect();
    with_attachments('2', '5', &prefix, json!(data).to_string(), message)
}

/// Encodes an acknowledgement.
pub(super) fn acknowledged(namespace: &str, ack: u64, message: &Message) -> Vec<engine::Message> {
    let prefix = format!("{}{ack}", prefix(namespace));
    let data = json!(message.arguments).to_string();
    with_attachments('3', '6', &prefix, data, message)
}

fn with_attachments(
    text: char,
    binary: char,
    prefix: &str,
    data: String,
    message: &Message,
) -> Vec<engine::Message> {
    let attachments = &message.attachments;
    let first = match attachments.len() {
        0 => format!("{text}{prefix}{data}"),
        count => format!("{binary}{count}-{prefix}{data}"),
    };
    let attachments = attachments.iter().cloned().map(engine::Message::Binary);
    std::iter::once(engine::Message::Text(first))
        .chain(attachments)
        .collect()
}
