//! Connections of Socket.IO: who may connect, and which rooms they join.

use std::sync::Arc;

use seaworthy::{
    prelude::*,
    realtime::{Call, Event, Handshake, Hub, Peer, Room, Socket, SocketIo},
    redis::{Redis, redis::cmd},
};
use serde_json::{Value, json};
use tutoring_contract::{AccessTokenVerifier, Role};

use crate::chat::{self, ChatCalls};

/// The path that clients of Socket.IO expect.
const PATH: &str = "/socket.io";
/// The room of administrators who see all business events.
pub(crate) const ADMINS: &str = "admin";
/// The permission to join it.
const EVENTS_READ: &str = "events:read";

/// Connections of Socket.IO and what their events need.
#[derive(Clone)]
struct Live {
    tokens: AccessTokenVerifier,
    /// The Redis with live journeys.
    redis: Option<Redis>,
    chat: Arc<ChatCalls>,
}

/// The members of a live journey that decide who may watch it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Journey {
    student_id: String,
}

/// Returns the routes of Socket.IO.
pub(crate) fn routes(
    hub: &Hub,
    tokens: AccessTokenVerifier,
    redis: Option<Redis>,
    chat: ChatCalls,
) -> Routes {
    let chat = Arc::new(chat);
    let live = Arc::new(Live {
        tokens,
        redis,
        chat: Arc::clone(&chat),
    });
    let (watching, connecting) = (Arc::clone(&live), live);
    let server = SocketIo::new(hub, move |handshake| {
        let live = Arc::clone(&connecting);
        async move { live.authenticate(handshake).await }
    })
    .on_connect(|socket, _| join_admins(socket))
    .on("subscribe:journey", move |call| {
        let live = Arc::clone(&watching);
        async move { live.watch(call).await }
    })
    .on("unsubscribe:journey", leave_journey);
    chat::handlers(server, &chat).routes(PATH)
}

impl Live {
    async fn authenticate(&self, handshake: Handshake) -> Result<Peer, Error> {
        let given = handshake.token()?;
        let token = self.tokens.verify(given).await;
        let token = token.map_err(Handshake::refused)?;
        self.chat.connected(token.actor(), given);
        let peer = Peer::new(token.actor().clone(), token.grants().clone());
        Ok(peer.expires_at(token.until()))
    }

    /// Joins the room of a journey, whose student is the caller. The legacy service also sent an
    /// event with the result.
    async fn watch(&self, call: Call) -> Result<Value, Error> {
        let socket = call.socket();
        match self.journey_room(&call).await {
            Ok((id, room)) => {
                socket.join(room)?;
                send(socket, "subscribe:journey:ok", &json!({ "journeyId": id }));
                Ok(json!({ "ok": true, "journeyId": id }))
            }
            Err(error) => {
                let refused = json!({ "message": error.message() });
                send(socket, "subscribe:journey:error", &refused);
                Err(error)
            }
        }
    }

    async fn journey_room(&self, call: &Call) -> Result<(String, Room), Error> {
        let (id, room) = named_journey(call)?;
        let journey = self.journey(&id).await?.ok_or_else(|| {
            let message = "Journey not active or expired";
            Error::new(Code::NotFound, "NOT_FOUND", message)
        })?;
        let actor = call.socket().peer().actor();
        let is_student = call
            .socket()
            .peer()
            .grants()
            .has_role(Role::Student.as_str());
        let is_own = actor.is_some_and(|actor| actor.as_str() == journey.student_id);
        if !(is_student && is_own) {
            let message = "Access denied to this journey";
            return Err(Error::new(Code::Forbidden, "FORBIDDEN", message));
        }
        Ok((id, room))
    }

    /// Returns a live journey. Only Redis has them.
    async fn journey(&self, id: &str) -> Result<Option<Journey>, Error> {
        let Some(redis) = &self.redis else {
            return Ok(None);
        };
        let found = redis
            .request(cmd("GET").arg(format!("live:journey:{id}")))
            .await;
        let found: Option<String> = found.map_err(|error| {
            let message = "journeys are not available: try again later";
            Error::new(Code::Unavailable, "SERVICE_DEGRADED", message).with_cause(error)
        })?;
        Ok(found.and_then(|text| serde_json::from_str(&text).ok()))
    }
}

/// Returns the ID of the journey that an event names, and its room.
fn named_journey(call: &Call) -> Result<(String, Room), Error> {
    let required = || Error::new(Code::Invalid, "VALIDATION_ERROR", "journeyId required");
    let data: Value = call.data()?;
    let id = data.get("journeyId").and_then(Value::as_str);
    let id = id.filter(|id| !id.is_empty()).ok_or_else(required)?;
    let room = Room::of("journey", id).map_err(|_| required())?;
    Ok((id.to_owned(), room))
}

async fn leave_journey(call: Call) -> Result<Value, Error> {
    let (id, room) = named_journey(&call)?;
    call.socket().leave(&room);
    Ok(json!({ "ok": true, "journeyId": id }))
}

fn join_admins(socket: &Socket) {
    let grants = socket.peer().grants();
    if !(grants.has_role(Role::Admin.as_str()) && grants.has_scope(EVENTS_READ)) {
        return;
    }
    let joined = ADMINS.parse::<Room>().map(|room| socket.join(room));
    if !matches!(joined, Ok(Ok(()))) {
        tracing::warn!("an administrator did not join the room of business events");
    }
}

/// Sends an event to one client. A closed connection is a no-op.
fn send(socket: &Socket, name: &str, data: &Value) {
    let sent = Event::new(name, data).map(|event| socket.send(&event));
    if sent.is_err() {
        tracing::warn!(event = name, "an event for one client was not created");
    }
}
