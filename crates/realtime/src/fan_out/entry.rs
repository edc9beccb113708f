//! The entries of the stream.

use std::collections::HashMap;

use seaworthy_redis::redis::Cmd;

use crate::{Event, Room};

/// The fields of an entry. Each entry has `origin` and the fields of one kind.
const ORIGIN: &str = "origin";
const ROOM: &str = "room";
const NAME: &str = "name";
const PAYLOAD: &str = "payload";
const DISCONNECT: &str = "disconnect";
const CONNECTIONS: &str = "connections";
const PROCESS: &str = "process";
/// The values of `process`.
const JOINED: &str = "joined";
const LEFT: &str = "left";

/// The fields of an entry, as Redis returns them.
pub(super) type Fields = HashMap<String, Vec<u8>>;

/// Entries with their positions.
pub(super) type Entries = Vec<(String, Fields)>;

/// An entry of the stream.
#[derive(Debug)]
pub(super) enum Entry {
    /// An event for a room.
    Event(Room, Event),
    /// A request to close the connections of a client.
    Disconnect(String),
    /// The numbers of connections of some clients in the process. Also shows that the process runs.
    Connections(HashMap<String, usize>),
    /// The process has started, and needs the numbers of connections of the others.
    Joined,
    /// The process has no connections.
    Left,
}

impl Entry {
    /// Adds the fields to a command that appends the entry.
    pub(super) fn append_to(&self, command: &mut Cmd, origin: &str) {
        command.arg(ORIGIN).arg(origin);
        match self {
            Self::Event(room, event) => {
                command.arg(ROOM).arg(room.as_str());
                command.arg(NAME).arg(event.name());
                command.arg(PAYLOAD).arg(&event.payload()[..]);
            }
            Self::Disconnect(client) => {
                command.arg(DISCONNECT).arg(client);
            }
            Self::Connections(numbers) => {
                let numbers = serde_json::json!(numbers).to_string();
                command.arg(CONNECTIONS).arg(numbers);
            }
            Self::Joined => {
                command.arg(PROCESS).arg(JOINED);
            }
            Self::Left => {
                command.arg(PROCESS).arg(LEFT);
            }
        }
    }

    /// Reads an entry and its origin.
    pub(super) fn parse(mut fields: Fields) -> Option<(String, Self)> {
        let origin = text(&mut fields, ORIGIN)?;
        let entry = if let Some(room) = text(&mut fields, ROOM) {
            let name = text(&mut fields, NAME)?;
            let event = Event::raw(&name, fields.remove(PAYLOAD)?).ok()?;
            Self::Event(room.parse().ok()?, event)
        } else if let Some(client) = text(&mut fields, DISCONNECT) {
            Self::Disconnect(client)
        } else if let Some(numbers) = fields.remove(CONNECTIONS) {
            Self::Connections(serde_json::from_slice(&numbers).ok()?)
        } else {
            match text(&mut fields, PROCESS)?.as_str() {
                JOINED => Self::Joined,
                LEFT => Self::Left,
                _ => return None,
            }
        };
        Some((origin, entry))
    }
}

fn text(fields: &mut Fields, name: &str) -> Option<String> {
    String::from_utf8(fields.remove(name)?).ok()
}
