//! Chat rooms over Socket.IO, for several replicas.
//!
//! Start Redis, set `CHAT__TOKENS__TOKEN_KEY`, and run
//! `cargo run -p chat -- --set redis.url=redis://127.0.0.1:6379`. The README shows a client.

mod messages;

use std::{process::ExitCode, sync::Arc, time::SystemTime};

use seaworthy::{
    auth::token::{Algorithm, Issuer, IssuerConfig, TokenVerifier},
    prelude::*,
    realtime::{Call, Event, Handshake, Hub, Peer, RealtimeConfig, Room, SocketIo},
    redis::{Redis, RedisConfig},
};
use serde_json::{Value, json};

use crate::messages::{Message, Messages};

/// Prefix of the keys in Redis.
const PREFIX: &str = "chat:";

/// Settings of the service.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct ChatConfig {
    /// The issuer of the users' tokens.
    tokens: IssuerConfig,
    /// Connections of clients.
    realtime: RealtimeConfig,
    /// The store of messages, and the path of events to other replicas.
    redis: RedisConfig,
}

impl Default for ChatConfig {
    fn default() -> Self {
        Self {
            tokens: IssuerConfig {
                algorithms: vec![Algorithm::Hs256],
                ..IssuerConfig::default()
            },
            realtime: RealtimeConfig::default(),
            redis: RedisConfig::default(),
        }
    }
}

fn main() -> ExitCode {
    Service::new(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION")).main(assemble)
}

/// Connects Redis and registers the routes.
async fn assemble(service: &Assembly<ChatConfig>) -> Result<(), StartError> {
    let settings = service.settings();
    let issuer = Issuer::new(settings.tokens.clone());
    let verifier = issuer.and_then(|issuer| TokenVerifier::new([issuer]));
    let verifier =
        verifier.map_err(|error| StartError::with_cause("tokens cannot be used", error))?;
    let because = |error| StartError::with_cause("redis cannot be used", error);
    let redis = Redis::new(&settings.redis).map_err(because)?;
    service.connect("redis", || redis.check()).await?;

    let hub = Hub::start(service, &settings.realtime);
    hub.fan_out(service, &redis, PREFIX).map_err(because)?;
    let messages = Messages::new(redis, PREFIX);
    let chat = Chat { hub, messages };
    service.http(chat.routes(verifier));
    Ok(())
}

/// Verifies the token of a client.
async fn authenticate(verifier: TokenVerifier, handshake: Handshake) -> Result<Peer, Error> {
    let token = verifier
        .verify(handshake.token()?, SystemTime::now())
        .await
        .map_err(Handshake::rejected)?;
    let peer = Peer::new(token.actor().clone(), token.grants().clone());
    Ok(peer.expires_at(token.expires_at()))
}

struct Chat {
    hub: Hub,
    messages: Messages,
}

impl Chat {
    fn routes(self, verifier: TokenVerifier) -> Routes {
        let chat = Arc::new(self);
        SocketIo::new(&chat.hub, move |handshake| {
            authenticate(verifier.clone(), handshake)
        })
        .on_with("join", &chat, Self::join)
        .on_with("say", &chat, Self::say)
        .routes("/socket.io")
    }

    /// Joins a room, and returns its messages. A client calls it after each connect, because it may
    /// have missed events.
    async fn join(self: Arc<Self>, call: Call) -> Result<Value, Error> {
        let name: String = call.data()?;
        call.socket().join(room(&name)?)?;
        Ok(json!({ "ok": true, "messages": self.messages.list(&name).await? }))
    }

    /// Stores a message, and sends it to the room. The acknowledgement means that it is stored. A
    /// client that receives none sends the message again, with the same identifier.
    async fn say(self: Arc<Self>, call: Call) -> Result<Value, Error> {
        let message: Message = call.data()?;
        let room = room(&message.room)?;
        if self.messages.store(&message).await? {
            let event = Event::new("said", &message).map_err(Error::internal)?;
            self.hub.publish(&room, event);
        }
        Ok(json!({ "ok": true }))
    }
}

fn room(name: &str) -> Result<Room, Error> {
    Room::new("chat", name)
        .map_err(|error| Error::new(Code::Invalid, "INVALID_ROOM", error.to_string()))
}
