//! Presence of the participants of conversations. A participant is online while a client of the user
//! is connected to a gateway.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use seaworthy::{
    core::Actor,
    prelude::*,
    realtime::{Client, Event, Hub, Room, Socket},
};
use serde_json::json;
use tokio::time::{Instant, interval};

/// The kind of the rooms of conversations.
pub(crate) const CONVERSATION: &str = "conversation";
/// The event that clients receive.
const PRESENCE: &str = "chat:presence";
/// A client that reloads its page is connected again after this time, and other gateways know it.
const GRACE: Duration = Duration::from_secs(3);
/// The interval at which the gateway looks for users who are offline.
const INTERVAL: Duration = Duration::from_secs(1);
/// The maximum number of remembered conversations of a user, far more than users have.
const MAX_ROOMS: usize = 1_000;

/// The conversations that a user has joined. A connection that ends has only its own rooms, and the
/// user may have left some or have further connections.
#[derive(Default)]
struct Joined {
    rooms: HashSet<Room>,
    /// The time of the next check, from the end of a connection of the user on.
    check_at: Option<Instant>,
}

/// Publishes who is online. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Presence {
    hub: Hub,
    /// By user, until the user is offline.
    joined: Arc<Mutex<HashMap<String, Joined>>>,
}

impl Presence {
    fn new(hub: &Hub) -> Self {
        Self {
            hub: hub.clone(),
            joined: Arc::default(),
        }
    }

    /// Starts the task that publishes who has left.
    pub(crate) fn start<C: seaworthy::config::Settings>(service: &Assembly<C>, hub: &Hub) -> Self {
        let presence = Self::new(hub);
        let task = presence.clone().publish_offline();
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
        self.remember(user, room);
        publish(&self.hub, user, room, true);
    }

    fn remember(&self, user: &str, room: &Room) {
        let mut all = self.lock();
        let joined = all.entry(user.to_owned()).or_default();
        if joined.rooms.len() < MAX_ROOMS {
            joined.rooms.insert(room.clone());
        }
        // The connection may have ended since the client sent the event.
        if !self.hub.is_connected(&Client::user(user)) {
            joined.check_at = Some(Instant::now() + GRACE);
        }
    }

    /// Records the end of a connection.
    pub(crate) fn left(&self, socket: &Socket) {
        if let Some(user) = socket.peer().actor().map(Actor::as_str) {
            self.check_later(user);
        }
    }

    fn check_later(&self, user: &str) {
        if let Some(joined) = self.lock().get_mut(user) {
            joined.check_at = Some(Instant::now() + GRACE);
        }
    }

    /// Publishes that users are offline, unless they have connected again.
    async fn publish_offline(self) {
        let mut interval = interval(INTERVAL);
        loop {
            interval.tick().await;
            for (user, joined) in self.take_offline(Instant::now()) {
                for room in &joined.rooms {
                    publish(&self.hub, &user, room, false);
                }
            }
        }
    }

    /// Forgets the users who are offline, and returns them. The last connection of a user may be to
    /// another gateway, which does not know the rooms. So a user who is still connected is checked
    /// again.
    fn take_offline(&self, now: Instant) -> Vec<(String, Joined)> {
        let mut all = self.lock();
        let offline = all.extract_if(|user, joined| {
            if joined.check_at.is_none_or(|check_at| check_at > now) {
                return false;
            }
            joined.check_at = Some(now + GRACE);
            !self.hub.is_connected(&Client::user(user))
        });
        offline.collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Joined>> {
        // The map is valid after each statement, so a panic leaves a valid one.
        self.joined.lock().unwrap_or_else(PoisonError::into_inner)
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

#[cfg(test)]
mod tests {
    use seaworthy::{realtime::RealtimeConfig, telemetry::metrics::Metrics};

    use super::*;

    const USER: &str = "asha";

    fn presence() -> Presence {
        Presence::new(&Hub::new(&RealtimeConfig::default(), &Metrics::new()))
    }

    fn rooms(ids: &[u8]) -> HashSet<Room> {
        let room = |id| Room::of(CONVERSATION, id).unwrap();
        ids.iter().map(room).collect()
    }

    /// Returns the rooms of the users who are found offline after a number of grace periods.
    fn offline(presence: &Presence, periods: u32) -> Vec<HashSet<Room>> {
        let found = presence.take_offline(Instant::now() + GRACE * periods);
        found.into_iter().map(|(_, joined)| joined.rooms).collect()
    }

    #[test]
    fn rooms_that_a_user_left_show_the_user_offline_life_7() {
        let presence = presence();
        let phone = presence.hub.connect(&Client::user(USER)).unwrap();
        for room in rooms(&[1, 2]) {
            phone.join(room.clone()).unwrap();
            presence.joined(USER, &room);
            phone.leave(&room);
        }
        drop(phone);
        presence.check_later(USER);
        assert!(offline(&presence, 0).is_empty());
        assert_eq!(offline(&presence, 1), [rooms(&[1, 2])]);
        assert!(presence.lock().is_empty());
    }

    #[test]
    fn last_connection_without_rooms_shows_user_offline_life_7() {
        let presence = presence();
        let phone = presence.hub.connect(&Client::user(USER)).unwrap();
        let laptop = presence.hub.connect(&Client::user(USER)).unwrap();
        presence.joined(USER, rooms(&[1]).iter().next().unwrap());
        drop(phone);
        presence.check_later(USER);
        assert!(offline(&presence, 1).is_empty());
        // Another gateway may have had it, so nothing here is called.
        drop(laptop);
        assert_eq!(offline(&presence, 3), [rooms(&[1])]);
        assert!(offline(&presence, 6).is_empty());
    }

    #[test]
    fn join_after_the_end_of_a_connection_is_forgotten_life_7() {
        let presence = presence();
        presence.joined(USER, rooms(&[1]).iter().next().unwrap());
        assert_eq!(offline(&presence, 1), [rooms(&[1])]);
    }
}
