//! Presence of users in rooms.

use std::{
    collections::{HashMap, HashSet},
    fmt,
    sync::Arc,
    time::Duration,
};

use parking_lot::Mutex;
use seaworthy_config::Settings;
use seaworthy_core::Actor;
use seaworthy_service::Assembly;
use tokio::time::{Instant, interval};

use crate::{Client, Hub, Room, Socket};

/// Time before a user counts as offline: longer than a reload and the update of other gateways.
const GRACE: Duration = Duration::from_secs(3);
/// The interval at which disconnected users are checked.
const INTERVAL: Duration = Duration::from_secs(1);
/// The maximum number of stored rooms of a user. Users join fewer.
const MAX_ROOMS: usize = 1_000;

/// The rooms that a user has joined. A connection that ends has only its own rooms, and the
/// user may have left some or have further connections.
#[derive(Default)]
struct Joined {
    rooms: HashSet<Room>,
    /// The time of the next check. Set when a connection of the user ends.
    check_at: Option<Instant>,
}

/// A function that sends the presence of a user to a room: `true` for a user who is online.
pub type PublishPresence = fn(&Hub, &str, &Room, bool);

/// Publishes which users of rooms are online. A user is online while a client of the user is
/// connected to any replica. Cheap to clone.
///
/// Call [`join`](Self::join) when a user joins a room, and [`leave`](Self::leave) when a connection
/// ends. A user without a connection for three seconds is offline.
///
/// ```
/// use seaworthy_realtime::{Event, Hub, Presence, Room};
/// use seaworthy_service::{Assembly, NoSettings};
/// use serde_json::json;
///
/// fn publish(hub: &Hub, user: &str, room: &Room, online: bool) {
///     if let Ok(event) = Event::new("presence", &json!({ "user": user, "online": online })) {
///         hub.publish(room, event);
///     }
/// }
///
/// fn start(service: &Assembly<NoSettings>, hub: &Hub) -> Presence {
///     Presence::start(service, hub, publish)
/// }
/// ```
#[derive(Clone)]
pub struct Presence {
    hub: Hub,
    publish: PublishPresence,
    /// By user, until the user is offline.
    joined: Arc<Mutex<HashMap<String, Joined>>>,
}

impl Presence {
    fn new(hub: &Hub, publish: PublishPresence) -> Self {
        Self {
            hub: hub.clone(),
            publish,
            joined: Arc::default(),
        }
    }

    /// Starts the task that publishes which users are offline. `publish` sends the presence of a
    /// user to a room.
    #[must_use]
    pub fn start<C: Settings>(service: &Assembly<C>, hub: &Hub, publish: PublishPresence) -> Self {
        let presence = Self::new(hub, publish);
        let task = presence.clone().publish_offline();
        drop(service.tasks().spawn_until_stop("presence", task));
        presence
    }

    /// Returns those of the users who are online.
    #[must_use]
    pub fn online<'a>(&self, users: &'a [String]) -> Vec<&'a str> {
        let users = users.iter().map(String::as_str);
        users
            .filter(|user| self.hub.is_connected(&Client::user(user)))
            .collect()
    }

    /// Publishes to a room that a user has joined it.
    pub fn join(&self, user: &str, room: &Room) {
        self.remember(user, room);
        (self.publish)(&self.hub, user, room, true);
    }

    fn remember(&self, user: &str, room: &Room) {
        let mut all = self.joined.lock();
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
    pub fn leave(&self, socket: &Socket) {
        if let Some(user) = socket.peer().actor().map(Actor::as_str) {
            self.check_later(user);
        }
    }

    fn check_later(&self, user: &str) {
        if let Some(joined) = self.joined.lock().get_mut(user) {
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
                    (self.publish)(&self.hub, &user, room, false);
                }
            }
        }
    }

    /// Removes the users who are offline, and returns them. The last connection of a user may be to
    /// another replica, which does not have the rooms. This process therefore repeats the check
    /// for a user who is still connected.
    fn take_offline(&self, now: Instant) -> Vec<(String, Joined)> {
        let mut all = self.joined.lock();
        let offline = all.extract_if(|user, joined| {
            if joined.check_at.is_none_or(|check_at| check_at > now) {
                return false;
            }
            joined.check_at = Some(now + GRACE);
            !self.hub.is_connected(&Client::user(user))
        });
        offline.collect()
    }
}

impl fmt::Debug for Presence {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Presence")
    }
}

#[cfg(test)]
mod tests {
    use seaworthy_telemetry::metrics::Metrics;

    use super::*;
    use crate::RealtimeConfig;

    const USER: &str = "asha";

    fn presence() -> Presence {
        Presence::new(
            &Hub::new(&RealtimeConfig::default(), &Metrics::new()),
            |_, _, _, _| {},
        )
    }

    fn rooms(ids: &[u8]) -> HashSet<Room> {
        let room = |id| Room::new("conversation", id).unwrap();
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
            presence.join(USER, &room);
            phone.leave(&room);
        }
        drop(phone);
        presence.check_later(USER);
        assert!(offline(&presence, 0).is_empty());
        assert_eq!(offline(&presence, 1), [rooms(&[1, 2])]);
        assert!(presence.joined.lock().is_empty());
    }

    #[test]
    fn last_connection_without_rooms_shows_user_offline_life_7() {
        let presence = presence();
        let phone = presence.hub.connect(&Client::user(USER)).unwrap();
        let laptop = presence.hub.connect(&Client::user(USER)).unwrap();
        presence.join(USER, rooms(&[1]).iter().next().unwrap());
        drop(phone);
        presence.check_later(USER);
        assert!(offline(&presence, 1).is_empty());
        // The last connection may belong to another gateway, so no method is called here.
        drop(laptop);
        assert_eq!(offline(&presence, 3), [rooms(&[1])]);
        assert!(offline(&presence, 6).is_empty());
    }

    #[test]
    fn join_after_the_end_of_a_connection_is_forgotten_life_7() {
        let presence = presence();
        presence.join(USER, rooms(&[1]).iter().next().unwrap());
        assert_eq!(offline(&presence, 1), [rooms(&[1])]);
    }
}
