//! Journey events from connected clients. The booking service authorizes who may watch one, by
//! the token of the client.

use std::{io, sync::Arc};

use seaworthy::{
    client::HttpClient,
    prelude::*,
    realtime::{Call, Event, Room, Socket, SocketIo},
};
use serde_json::{Value, json};
use tutoring_contract::Role;

use crate::client::token;

const SUBSCRIBED: &str = "subscribe:journey:ok";
const REFUSED: &str = "subscribe:journey:error";

/// The calls of connected clients to the booking service.
pub(crate) struct JourneyCalls {
    client: HttpClient,
}

impl JourneyCalls {
    pub(crate) const fn new(client: HttpClient) -> Self {
        Self { client }
    }

    /// Joins the room of a journey, whose student is the caller. The legacy service also sent an
    /// event with the result.
    async fn watch(self: Arc<Self>, call: Call) -> Result<Value, Error> {
        let socket = call.socket();
        match self.room(&call).await {
            Ok((id, room)) => {
                socket.join(room)?;
                send(socket, SUBSCRIBED, &json!({ "journeyId": id }));
                Ok(json!({ "ok": true, "journeyId": id }))
            }
            Err(error) => {
                let refused = json!({ "message": error.message() });
                send(socket, REFUSED, &refused);
                Err(error)
            }
        }
    }

    async fn room(&self, call: &Call) -> Result<(String, Room), Error> {
        let (id, room) = named(call)?;
        let grants = call.socket().peer().grants();
        // Administrators may read a journey, but only its student watches it.
        if !grants.has_role(Role::Student.as_str()) {
            return Err(denied());
        }
        let token = token(call)?;
        let path = format!("/api/v1/admin/journeys/{id}/live");
        let answer = self.client.get(&path).bearer(token).send().await;
        let status = answer.map_err(unavailable)?.status().as_u16();
        match status {
            200 => Ok((id, room)),
            400 | 404 | 410 => Err(not_active()),
            403 => Err(denied()),
            _ => {
                let text = format!("the booking service responded with the status {status}");
                Err(unavailable(io::Error::other(text)))
            }
        }
    }
}

/// Adds the handlers of events about journeys.
pub(crate) fn handlers(server: SocketIo, calls: JourneyCalls) -> SocketIo {
    server
        .on_with("subscribe:journey", &Arc::new(calls), JourneyCalls::watch)
        .on("unsubscribe:journey", leave)
}

async fn leave(call: Call) -> Result<Value, Error> {
    let (id, room) = named(&call)?;
    call.socket().leave(&room);
    Ok(json!({ "ok": true, "journeyId": id }))
}

/// Returns the ID of the journey that an event names, and its room.
fn named(call: &Call) -> Result<(String, Room), Error> {
    let required = || Error::new(Code::Invalid, "VALIDATION_ERROR", "journeyId required");
    let data: Value = call.data()?;
    let id = data.get("journeyId").and_then(Value::as_str);
    let id = id.filter(|id| !id.is_empty()).ok_or_else(required)?;
    // The ID becomes a part of a path, so accept only the characters of a UUID.
    let is_part = |byte: u8| byte.is_ascii_hexdigit() || byte == b'-';
    if id.len() > 36 || !id.bytes().all(is_part) {
        return Err(not_active());
    }
    let id = id.to_ascii_lowercase();
    let room = Room::new("journey", &id).map_err(|_| required())?;
    Ok((id, room))
}

fn not_active() -> Error {
    let message = "Journey not active or expired";
    Error::new(Code::NotFound, "NOT_FOUND", message)
}

fn denied() -> Error {
    let message = "Access denied to this journey";
    Error::new(Code::Forbidden, "FORBIDDEN", message)
}

fn unavailable(cause: impl std::error::Error + Send + Sync + 'static) -> Error {
    let message = "journeys are not available: try again later";
    Error::new(Code::Unavailable, "SERVICE_DEGRADED", message).with_cause(cause)
}

/// Sends an event to one client. Does nothing if the connection is closed.
fn send(socket: &Socket, name: &str, data: &Value) {
    let sent = Event::new(name, data).map(|event| socket.send(&event));
    if sent.is_err() {
        tracing::warn!(
            event = name,
            "an event for a client could not be serialized"
        );
    }
}
