use std::num::NonZeroU32;

use futures::FutureExt as _;
use seaworthy_core::ByteSize;
use seaworthy_telemetry::metrics::Metrics;
use serde_json::json;

use super::*;

fn limit(value: u32) -> NonZeroU32 {
    NonZeroU32::new(value).unwrap()
}

fn hub(config: RealtimeConfig) -> Hub {
    Hub::new(&config, &Metrics::new())
}

fn event(number: u32) -> Event {
    Event::new("count", &json!({ "number": number })).unwrap()
}

fn room(id: u32) -> Room {
    Room::new("event", id).unwrap()
}

#[tokio::test]
async fn event_reaches_only_members_of_its_room_auth_5() {
    let hub = hub(RealtimeConfig::default());
    let mut member = hub.connect(&Client::user("ada")).unwrap();
    let mut other = hub.connect(&Client::user("bob")).unwrap();
    member.join(room(1)).unwrap();
    other.join(room(2)).unwrap();

    assert_eq!(hub.emit(&room(1), event(1)), 1);
    assert_eq!(member.next().await, Ok(event(1)));
    assert_eq!(other.next().now_or_never(), None);

    member.leave(&room(1));
    assert_eq!(hub.emit(&room(1), event(2)), 0);
    assert_eq!(hub.rooms(), [room(2)]);
}

#[tokio::test]
async fn slow_client_does_not_delay_others_res_5() {
    let hub = hub(RealtimeConfig {
        max_pending: limit(2),
        ..RealtimeConfig::default()
    });
    let mut slow = hub.connect(&Client::user("slow")).unwrap();
    let mut quick = hub.connect(&Client::user("quick")).unwrap();
    slow.join(room(1)).unwrap();
    quick.join(room(1)).unwrap();
    for number in 0..5 {
        hub.emit(&room(1), event(number));
        assert_eq!(quick.next().await, Ok(event(number)));
    }
    assert_eq!(slow.next().await, Err(Closed::TooSlow));
    assert_eq!(slow.join(room(2)), Err(JoinError::Closed));
    assert_eq!(hub.connections(), 1);
}

#[tokio::test]
async fn connections_are_limited_sec_3() {
    let hub = hub(RealtimeConfig {
        max_connections: limit(3),
        max_connections_per_user: limit(2),
        ..RealtimeConfig::default()
    });
    let ada = Client::user("ada");
    assert!(!hub.is_connected(&ada));
    let first = hub.connect(&ada).unwrap();
    assert!(hub.is_connected(&ada));
    let _second = hub.connect(&ada).unwrap();
    assert_eq!(hub.connect(&ada).err(), Some(ConnectError::TooManyOfClient));
    let _third = hub.connect(&Client::user("bob")).unwrap();
    let rejected = hub.connect(&Client::user("eve")).err();
    assert_eq!(rejected, Some(ConnectError::TooManyConnections));

    drop(first);
    assert!(hub.connect(&ada).is_ok());
}

#[tokio::test]
async fn rooms_of_one_connection_are_limited_sec_3() {
    let hub = hub(RealtimeConfig {
        max_rooms: limit(1),
        ..RealtimeConfig::default()
    });
    let connection = hub.connect(&Client::user("ada")).unwrap();
    connection.join(room(1)).unwrap();
    connection.join(room(1)).unwrap();
    assert_eq!(connection.join(room(2)), Err(JoinError::TooManyRooms));
}

#[tokio::test]
async fn drain_delivers_pending_events_life_4() {
    let hub = hub(RealtimeConfig::default());
    let mut connection = hub.connect(&Client::user("ada")).unwrap();
    connection.join(room(1)).unwrap();
    hub.emit(&room(1), event(1));
    hub.drain();
    assert_eq!(connection.next().await, Ok(event(1)));
    assert_eq!(connection.next().await, Err(Closed::Draining));
    let rejected = hub.connect(&Client::user("bob")).err();
    assert_eq!(rejected, Some(ConnectError::Draining));
}

#[tokio::test]
async fn disconnected_client_receives_no_pending_event_auth_3() {
    let hub = hub(RealtimeConfig::default());
    let ada = Client::user("ada");
    let mut connection = hub.connect(&ada).unwrap();
    connection.join(room(1)).unwrap();
    hub.emit(&room(1), event(1));
    hub.disconnect(&ada);
    assert_eq!(connection.next().await, Err(Closed::Disconnected));
}

#[test]
fn event_above_the_size_limit_is_dropped_sec_3() {
    let hub = hub(RealtimeConfig {
        max_event_size: ByteSize::bytes(10),
        ..RealtimeConfig::default()
    });
    let connection = hub.connect(&Client::user("ada")).unwrap();
    connection.join(room(1)).unwrap();
    let large = Event::new("text", &"x".repeat(20)).unwrap();
    assert_eq!(hub.emit(&room(1), large), 0);
}
