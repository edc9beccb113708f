use axum::extract::ws;
use base64::{Engine as _, prelude::BASE64_STANDARD};

use super::{Malformed, Message};

/// Separates the packets of one HTTP body.
const SEPARATOR: char = '\u{1e}';
const PROBE: &str = "probe";

/// A packet of Engine.IO.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Packet {
    /// The parameters of a session as JSON.
    Open(String),
    Close,
    Ping,
    Pong,
    /// A ping that tests a new WebSocket before the session uses it.
    Probe,
    ProbeAnswer,
    Message(Message),
    Upgrade,
    Noop,
}

impl Packet {
    /// Parses a packet from a text message of WebSocket, or from a part of an HTTP body.
    pub(super) fn parse(text: &str) -> Result<Self, Malformed> {
        let mut characters = text.chars();
        let kind = characters.next().ok_or(Malformed)?;
        let rest = characters.as_str();
        match (kind, rest) {
            ('1', "") => Ok(Self::Close),
            ('2', PROBE) => Ok(Self::Probe),
            ('3', _) => Ok(Self::Pong),
            ('4', _) => Ok(Self::Message(Message::Text(rest.to_owned()))),
            ('5', "") => Ok(Self::Upgrade),
            ('6', "") => Ok(Self::Noop),
            _ => Err(Malformed),
        }
    }

    /// Parses an HTTP body, whose packets may contain binary data in base64.
    pub(super) fn parse_payload(body: &str) -> Result<Vec<Self>, Malformed> {
        let parse = |part: &str| match part.strip_prefix('b') {
            Some(encoded) => {
                let data = BASE64_STANDARD.decode(encoded).map_err(|_| Malformed)?;
                Ok(Self::Message(Message::Binary(data.into())))
            }
            None => Self::parse(part),
        };
        body.split(SEPARATOR).map(parse).collect()
    }

    /// Encodes packets as an HTTP body.
    pub(super) fn payload<'a>(packets: impl IntoIterator<Item = &'a Self>) -> String {
        let parts = packets.into_iter().map(|packet| match packet {
            Self::Message(Message::Binary(data)) => format!("b{}", BASE64_STANDARD.encode(data)),
            other => other.text(),
        });
        let parts: Vec<String> = parts.collect();
        parts.join("\u{1e}")
    }

    /// Encodes the packet as a message of WebSocket.
    pub(super) fn frame(self) -> ws::Message {
        match self {
            Self::Message(Message::Binary(data)) => ws::Message::Binary(data),
            other => ws::Message::Text(other.text().into()),
        }
    }

    /// Returns the size of the data.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Message(message) => message.size(),
            _ => 0,
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Open(parameters) => format!("0{parameters}"),
            Self::Close => "1".to_owned(),
            Self::Ping => "2".to_owned(),
            Self::Pong => "3".to_owned(),
            Self::Probe => format!("2{PROBE}"),
            Self::ProbeAnswer => format!("3{PROBE}"),
            Self::Message(Message::Text(text)) => format!("4{text}"),
            Self::Message(Message::Binary(_)) => String::new(),
            Self::Upgrade => "5".to_owned(),
            Self::Noop => "6".to_owned(),
        }
    }
}
