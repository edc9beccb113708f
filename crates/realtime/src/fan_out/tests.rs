//! Processes that share a real Redis.

use std::num::NonZeroU32;

use futures::FutureExt as _;
use seaworthy_redis::{Redis, RedisConfig, redis::cmd};
use seaworthy_telemetry::metrics::Metrics;
use seaworthy_testkit::{eventually, redis::RedisServer, requirement::required};
use serde_json::json;
use tokio::task::JoinHandle;

use super::*;
use crate::{Client, Closed, ConnectError, Event, RealtimeConfig, Room};

const PREFIX: &str = "test:";

fn redis() -> Option<(RedisServer, Redis)> {
    let server = RedisServer::start(required("SEAWORTHY_TEST_REDIS_SERVER")?).unwrap();
    let config = RedisConfig {
        url: server.url().parse().unwrap(),
        ..RedisConfig::default()
    };
    let redis = Redis::new(&config).unwrap();
    Some((server, redis))
}

fn hub(redis: &Redis, config: &RealtimeConfig) -> (Hub, Stream, mpsc::Receiver<Outgoing>) {
    let hub = Hub::new(config, &Metrics::new());
    let (stream, events) = Stream::new(&hub, redis, PREFIX);
    (hub, stream, events)
}

/// Starts a process of a service. It runs until the runtime ends.
fn start(redis: &Redis, config: &RealtimeConfig) -> (Hub, JoinHandle<()>) {
    let (hub, stream, events) = hub(redis, config);
    let reader = stream.reader().unwrap();
    tokio::spawn(reader.run());
    let writer = tokio::spawn(stream.writer(events).run());
    (hub, writer)
}

/// Waits until each process receives events of the other.
async fn meet(first: &Hub, second: &Hub) {
    for (from, to) in [(first, second), (second, first)] {
        let room: Room = "meeting".parse().unwrap();
        let mut connection = to.connect(&Client::default()).unwrap();
        connection.join(room.clone()).unwrap();
        let event = Event::new("hello", &()).unwrap();
        eventually(async || {
            from.publish(&room, event.clone());
            let received = connection.next();
            let limit = Duration::from_millis(50);
            tokio::time::timeout(limit, received).await.is_ok()
        })
        .await;
    }
}

async fn append_events(redis: &Redis, room: &Room, count: u32) {
    for number in 0..count {
        let event = Event::new("count", &json!(number)).unwrap();
        let mut append = cmd("XADD");
        append.arg(format!("{PREFIX}realtime")).arg("*");
        entry::Entry::Event(room.clone(), event).append_to(&mut append, "another");
        redis.request::<String>(&append).await.unwrap();
    }
}

#[tokio::test]
async fn batch_of_events_reaches_a_client_that_reads_sec_3() {
    let Some((_server, redis)) = redis() else {
        return;
    };
    let (hub, stream, _events) = hub(&redis, &RealtimeConfig::default());
    let room: Room = "busy".parse().unwrap();
    let mut connection = hub.connect(&Client::user("ada")).unwrap();
    connection.join(room.clone()).unwrap();
    append_events(&redis, &room, 300).await;
    let reader = stream.reader().unwrap();
    let read = tokio::spawn(async move {
        let position = reader.next("0-0").await.unwrap();
        reader.next(&position.unwrap()).await.unwrap();
    });
    for number in 0..300 {
        let expected = Event::new("count", &json!(number)).unwrap();
        assert_eq!(connection.next().await, Ok(expected));
    }
    read.await.unwrap();
}

#[tokio::test]
async fn client_that_misses_a_part_of_a_batch_gets_resync_life_7() {
    let Some((_server, redis)) = redis() else {
        return;
    };
    let config = RealtimeConfig {
        max_pending: NonZeroU32::new(8).unwrap(),
        ..RealtimeConfig::default()
    };
    let (hub, stream, _events) = hub(&redis, &config);
    let room: Room = "busy".parse().unwrap();
    let mut connection = hub.connect(&Client::user("ada")).unwrap();
    connection.join(room.clone()).unwrap();
    append_events(&redis, &room, 100).await;
    stream.reader().unwrap().next("0-0").await.unwrap();
    let event = connection.next().now_or_never();
    assert_eq!(event, Some(Ok(Event::resync())));
    assert_eq!(connection.next().await.unwrap().name(), "count");
    assert_eq!(hub.connections(), 1);
}

#[tokio::test]
async fn remote_events_close_a_client_that_never_reads_sec_3() {
    let Some((_server, redis)) = redis() else {
        return;
    };
    let config = RealtimeConfig {
        max_pending: NonZeroU32::new(1).unwrap(),
        ping_timeout: Timeout::from_millis(1),
        ..RealtimeConfig::default()
    };
    let (hub, _stream, _events) = hub(&redis, &config);
    let room: Room = "busy".parse().unwrap();
    let mut connection = hub.connect(&Client::user("ada")).unwrap();
    connection.join(room.clone()).unwrap();
    let event = Event::new("count", &1).unwrap();
    eventually(async || {
        hub.emit_remote(&room, &event);
        hub.connections() == 0
    })
    .await;
    connection.next().await.unwrap();
    assert_eq!(connection.next().await, Err(Closed::TooSlow));
}

#[tokio::test]
async fn reader_behind_the_stream_lets_clients_resync_life_7() {
    let Some((_server, redis)) = redis() else {
        return;
    };
    let (hub, stream, _events) = hub(&redis, &RealtimeConfig::default());
    let mut connection = hub.connect(&Client::user("ada")).unwrap();
    let room: Room = "other".parse().unwrap();
    append_events(&redis, &room, 1).await;
    let reader = stream.reader().unwrap();
    let position = reader.next("0-0").await.unwrap().unwrap();
    append_events(&redis, &room, 300).await;
    let mut trim = cmd("XTRIM");
    trim.arg(format!("{PREFIX}realtime")).arg("MAXLEN").arg(270);
    redis.request::<u64>(&trim).await.unwrap();
    reader.next(&position).await.unwrap();
    let event = connection.next().now_or_never();
    assert_eq!(event, Some(Ok(Event::resync())));
}

#[tokio::test]
async fn revoked_user_is_disconnected_in_all_replicas_auth_3() {
    let Some((_server, redis)) = redis() else {
        return;
    };
    let config = RealtimeConfig::default();
    let ((first, _), (second, _)) = (start(&redis, &config), start(&redis, &config));
    meet(&first, &second).await;
    let (ada, bob) = (Client::user("ada"), Client::user("bob"));
    let mut revoked = second.connect(&ada).unwrap();
    let _other = second.connect(&bob).unwrap();
    first.disconnect(&ada);
    eventually(async || second.connections() == 1).await;
    assert_eq!(revoked.next().await, Err(Closed::Disconnected));
}

#[tokio::test]
async fn disconnect_waits_for_redis_auth_3() {
    let Some((mut server, redis)) = redis() else {
        return;
    };
    let config = RealtimeConfig::default();
    let ((first, _), (second, _)) = (start(&redis, &config), start(&redis, &config));
    meet(&first, &second).await;
    let ada = Client::user("ada");
    let _revoked = second.connect(&ada).unwrap();
    server.kill();
    first.disconnect(&ada);
    server.restart().unwrap();
    eventually(async || second.connections() == 0).await;
}

#[tokio::test]
async fn connections_of_a_user_count_in_all_replicas_res_6() {
    let Some((_server, redis)) = redis() else {
        return;
    };
    let config = RealtimeConfig {
        max_connections_per_user: NonZeroU32::new(1).unwrap(),
        ..RealtimeConfig::default()
    };
    let ada = Client::user("ada");
    let (first, _) = start(&redis, &config);
    let connection = first.connect(&ada).unwrap();
    let (second, _) = start(&redis, &config);
    let rejected = async || second.connect(&ada).err() == Some(ConnectError::TooManyOfClient);
    eventually(rejected).await;
    assert!(second.is_connected(&ada));
    drop(connection);
    eventually(async || !second.is_connected(&ada)).await;
    assert!(second.connect(&ada).is_ok());
}

#[tokio::test]
async fn connections_of_a_stopped_replica_do_not_count_life_4() {
    let Some((_server, redis)) = redis() else {
        return;
    };
    let config = RealtimeConfig {
        max_connections_per_user: NonZeroU32::new(1).unwrap(),
        ..RealtimeConfig::default()
    };
    let ada = Client::user("ada");
    let (first, _) = start(&redis, &config);
    let (second, _) = start(&redis, &config);
    let _connection = first.connect(&ada).unwrap();
    eventually(async || second.connect(&ada).is_err()).await;
    first.drain();
    eventually(async || second.connect(&ada).is_ok()).await;
}

#[tokio::test]
async fn connections_of_a_silent_replica_do_not_count_res_6() {
    let (_events, events) = mpsc::channel(1);
    drop(events);
    let replicas = SharedReplicas::new(_events);
    let ada = Client::user("ada");
    tokio::time::pause();
    let numbers = [(ada.key().to_string(), 3)].into();
    replicas.update("another".to_owned(), numbers);
    assert_eq!(crate::hub::Replicas::connections(&replicas, ada.key()), 3);
    tokio::time::advance(replicas::TTL).await;
    assert_eq!(crate::hub::Replicas::connections(&replicas, ada.key()), 0);
    replicas.update("another".to_owned(), [].into());
    assert_eq!(crate::hub::Replicas::connections(&replicas, ada.key()), 3);
}
