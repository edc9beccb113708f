//! Chat events from connected clients. The chat service authorizes them by the client's token.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use moka::sync::Cache;
use seaworthy::{
    client::{HttpClient, RequestBuilder},
    prelude::*,
    realtime::{Call, Event, Hub, Presence, Room, SocketIo},
};
use serde_json::{Value, json};

use crate::client::{token, user};

/// TTL of cached participants. A participant never leaves a conversation.
const MEMBER_TTL: Duration = Duration::from_secs(60);
/// Minimum interval between the typing events of a client.
const TYPING_INTERVAL: Duration = Duration::from_secs(2);
/// Maximum number of cached entries, more than the connections of a gateway.
const MAX_ENTRIES: u64 = 20_000;
/// The kind of the rooms of conversations.
const CONVERSATION: &str = "conversation";
/// The events that clients receive.
const TYPING: &str = "chat:typing";
const PRESENCE: &str = "chat:presence";

/// Sends the presence of a participant to the room of a conversation.
pub(crate) fn publish_presence(hub: &Hub, user: &str, room: &Room, online: bool) {
    let data = json!({
        "conversationId": room.id(),
        "userId": user,
        "online": online,
        "at": Timestamp::now(),
    });
    match Event::new(PRESENCE, &data) {
        Ok(event) => {
            hub.publish(room, event);
        }
        Err(_) => tracing::warn!("the presence of a user could not be published"),
    }
}

/// The calls of connected clients to the chat service.
pub(crate) struct ChatCalls {
    hub: Hub,
    client: HttpClient,
    presence: Presence,
    /// The participants of conversations, by a participant and the conversation.
    members: Cache<(String, String), Arc<[String]>>,
    typing: Cache<(String, String), ()>,
}

impl ChatCalls {
    pub(crate) fn new(hub: &Hub, client: HttpClient, presence: Presence) -> Self {
        let members = Cache::builder().max_capacity(MAX_ENTRIES);
        let typing = Cache::builder().max_capacity(MAX_ENTRIES);
        Self {
            hub: hub.clone(),
            client,
            presence,
            members: members.time_to_live(MEMBER_TTL).build(),
            typing: typing.time_to_live(TYPING_INTERVAL).build(),
        }
    }

    /// Joins the room of a conversation of the caller. Returns the participants who are online.
    async fn join(self: Arc<Self>, call: Call) -> Result<Value, Error> {
        let (id, room) = conversation(&call)?;
        let members = self.require_member(&call, &id).await?;
        call.socket().join(room.clone())?;
        self.presence.join(&user(&call)?, &room);
        let online = self.presence.online(&members);
        Ok(json!({ "ok": true, "conversationId": id, "online": online }))
    }

    /// Sends a message, by the rules of the route.
    async fn send(self: Arc<Self>, call: Call) -> Result<Value, Error> {
        let data: Value = call.data()?;
        let request = self.client.post("/api/v1/chat/messages").json(&data);
        let message = self.request(&call, request).await?;
        Ok(json!({ "ok": true, "message": message }))
    }

    async fn read(self: Arc<Self>, call: Call) -> Result<Value, Error> {
        let (id, _) = conversation(&call)?;
        let data: Value = call.data()?;
        let body = match data.get("upTo") {
            Some(up_to) => json!({ "upTo": up_to }),
            None => json!({}),
        };
        let path = format!("/api/v1/chat/conversations/{id}/read");
        let request = self.client.patch(&path).json(&body);
        let read = self.request(&call, request).await?;
        Ok(json!({ "ok": true, "updatedMessages": read.get("updatedMessages") }))
    }

    /// Publishes to the other participants that the caller is typing.
    async fn type_text(self: Arc<Self>, call: Call) -> Result<Value, Error> {
        let (id, room) = conversation(&call)?;
        let user = user(&call)?;
        let key = (user.clone(), id.clone());
        if self.typing.contains_key(&key) {
            let message = "send this event at most once every 2 seconds";
            let error = Error::new(Code::Exhausted, "RATE_LIMITED", message);
            return Err(error.with_retry_after(TYPING_INTERVAL));
        }
        self.typing.insert(key, ());
        self.require_member(&call, &id).await?;
        let data = json!({ "conversationId": id, "userId": user, "at": Timestamp::now() });
        let event = Event::new(TYPING, &data).map_err(Error::internal)?;
        self.hub.publish(&room, event);
        Ok(json!({ "ok": true }))
    }

    /// Returns the participants of a conversation, of whom the caller is one.
    async fn require_member(&self, call: &Call, id: &str) -> Result<Arc<[String]>, Error> {
        let key = (user(call)?, id.to_owned());
        if let Some(members) = self.members.get(&key) {
            return Ok(members);
        }
        let path = format!("/api/v1/chat/conversations/{id}");
        let data = self.request(call, self.client.get(&path)).await?;
        let members = data.get("participants").and_then(Value::as_array);
        let ids = members.into_iter().flatten();
        let ids = ids.filter_map(|member| member.get("userId")?.as_str());
        let members: Arc<[String]> = ids.map(str::to_owned).collect();
        self.members.insert(key, Arc::clone(&members));
        Ok(members)
    }

    /// Sends a request with the token of the caller. Returns the data of the response.
    async fn request(&self, call: &Call, request: RequestBuilder) -> Result<Value, Error> {
        let token = token(call)?;
        let unavailable = |error| {
            let message = "the chat is not available: try again later";
            Error::new(Code::Unavailable, "SERVICE_DEGRADED", message).with_cause(error)
        };
        let answer = request.bearer(token).send().await.map_err(unavailable)?;
        let status = answer.status();
        let mut body: Value = answer.json().await.map_err(unavailable)?;
        match status.is_success() {
            true => Ok(body.get_mut("data").map(Value::take).unwrap_or_default()),
            false => Err(chat_error(status.as_u16(), &body)),
        }
    }
}

/// Adds the handlers of events of chats.
pub(crate) fn handlers(server: SocketIo, calls: &Arc<ChatCalls>) -> SocketIo {
    server
        .on_with("chat:join", calls, ChatCalls::join)
        .on("chat:leave", leave)
        .on_with("chat:send", calls, ChatCalls::send)
        .on_with("chat:read", calls, ChatCalls::read)
        .on_with(TYPING, calls, ChatCalls::type_text)
}

async fn leave(call: Call) -> Result<Value, Error> {
    let (id, room) = conversation(&call)?;
    call.socket().leave(&room);
    Ok(json!({ "ok": true, "conversationId": id }))
}

/// Returns the ID of the conversation that an event names, and its room.
fn conversation(call: &Call) -> Result<(String, Room), Error> {
    let required = || Error::new(Code::Invalid, "VALIDATION_ERROR", "conversationId required");
    let data: Value = call.data()?;
    let id = data.get("conversationId").and_then(Value::as_str);
    // The ID becomes a part of a path.
    let is_part = |id: &&str| {
        let is_plain = |byte: u8| byte.is_ascii_hexdigit() || byte == b'-';
        !id.is_empty() && id.len() <= 36 && id.bytes().all(is_plain)
    };
    let id = id.filter(is_part).ok_or_else(required)?;
    let id = id.to_ascii_lowercase();
    let room = Room::new(CONVERSATION, &id).map_err(|_| required())?;
    Ok((id, room))
}

/// Returns the error of a response of the chat service.
fn chat_error(status: u16, body: &Value) -> Error {
    let code = match status {
        400 => Code::Invalid,
        401 => Code::Unauthenticated,
        403 => Code::Forbidden,
        404 => Code::NotFound,
        409 => Code::Conflict,
        429 => Code::Exhausted,
        _ => Code::Unavailable,
    };
    let text = |name: &str| body[name].as_str().unwrap_or("SERVICE_DEGRADED").to_owned();
    let problems: Vec<_> = body["errors"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|problem| {
            let (field, message) = (problem["field"].as_str()?, problem["message"].as_str()?);
            Some(format!("{field} {message}"))
        })
        .collect();
    let message = match problems.is_empty() {
        true => text("message"),
        false => problems.join(", "),
    };
    Error::new(code, text("code"), message)
}
