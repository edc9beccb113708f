//! Presence of the participants of conversations. A participant is online while a client of this
//! user is connected to a gateway.

use std::time::Duration;

use jiff::Timestamp;
use seaworthy::{
    core::Actor,
    prelude::*,
    realtime::{Client, Event, Hub, Room, Socket},
};
use serde_json::json;
use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until},
};

/// The kind of the rooms of conversations.
pub(crate) const CONVERSATION: &str = "conversation";
/// The event that clients receive.
const PRESENCE: &str = "chat:presence";
/// Within this time, a client that reloads its page reconnects, and all gateways count its
/// connection.
const GRACE: Duration = Duration::from_secs(3);
/// Users whose connections ended within `GRACE`, for an instance with about 1,000 connections.
const MAX_LEFT: usize = 10_000;

/// A user whose connection has ended.
struct Left {
    user: String,
    rooms: Vec<Room>,
    check_at: Instant,
}

/// Publishes who is online. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Presence {
    hub: Hub,
    left: mpsc::Sender<Left>,
}

impl Presence {
    /// Starts the task that publishes the users who are offline.
    pub(crate) fn start<C: seaworthy::config::Settings>(service: &Assembly<C>, hub: &Hub) -> Self {
        let (left, receiver) = mpsc::channel(MAX_LEFT);
        let presence = Self {
            hub: hub.clone(),
            left,
        };
        let task = publish_left(hub.clone(), receiver);
        drop(service.tasks().spawn_until_stop("chat presence", task));
        presence
    }

    /// Returns those of the users who are online.
    pub(crate) fn online<'a>(&self, users: &'a [String]) -> Vec<&'a str> {
        let users = users.iter().map(String::as_str);
        users
            .filter(|user| self.hub.is_connected(&Client::user(user)))
            .collect()
    }

    /// Publishes to the room of a conversation that a participant has joined it.
    pub(crate) fn joined(&self, user: &str, room: &Room) {
        publish(&self.hub, user, room, true);
    }

    /// Records the end of a connection.
    pub(crate) fn left(&self, socket: &Socket, rooms: &[Room]) {
        let is_conversation = |room: &&Room| room.as_str().starts_with(CONVERSATION);
        let rooms: Vec<_> = rooms.iter().filter(is_conversation).cloned().collect();
        let Some(user) = socket.peer().actor().map(Actor::as_str) else {
            return;
        };
        if rooms.is_empty() {
            return;
        }
        let left = Left {
            user: user.to_owned(),
            rooms,
            check_at: Instant::now() + GRACE,
        };
        if self.left.try_send(left).is_err() {
            tracing::warn!("the end of a connection was not published to its conversations");
        }
    }
}

/// Publishes that users are offline, unless they have connected again.
async fn publish_left(hub: Hub, mut left: mpsc::Receiver<Left>) {
    while let Some(left) = left.recv().await {
        sleep_until(left.check_at).await;
        if hub.is_connected(&Client::user(&left.user)) {
            continue;
        }
        for room in &left.rooms {
            publish(&hub, &left.user, room, false);
        }
    }
}

fn publish(hub: &Hub, user: &str, room: &Room, online: bool) {
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
        Err(_) => tracing::warn!("the presence of a user was not published"),
    }
}
