//! Faults of the servers that the service uses.

use std::{path::Path, process::Command};

use lapin::{BasicProperties, Connection, ConnectionProperties, options::BasicPublishOptions};
use seaworthy_testkit::{
    eventually,
    fault::{Disruption, Fault},
};

use super::{Events, Subject};

/// More messages than the threshold of the lag.
const PUBLISHED: usize = 8;
/// A stored event that is larger than the broker accepts.
const TOO_LARGE: &str = "\
INSERT INTO outbox (id, topic, event_type, headers, payload, partition_id, created_us)
VALUES ('01970000-0000-7000-8000-000000000001', 'join.joined', 'join.joined', '{}',
        decode(repeat('00', 3000000), 'hex'), 0, extract(epoch FROM now()) * 1000000)
RETURNING sequence";

pub(super) async fn database_is_down(subject: &Subject, events: &Events) {
    subject.to_database.set(Fault::of(Disruption::Down));
    for _ in 0..PUBLISHED {
        events.publish().await;
    }
    for (alert, known) in [
        ("NotReady", "database"),
        ("ConsumerLag", "messages_retried_total"),
        ("BreakerOpen(database)", "open"),
        ("HealthCheckFailing", "database"),
        ("ErrorBudgetBurnFast", "database"),
        ("ErrorBudgetBurnSlow", "http_requests_total"),
        ("WorkerStalled", "audit of joins"),
        ("OperationLogIncomplete", "database"),
    ] {
        subject.alerts.fires(alert, known).await;
    }
    subject.to_database.heal();
    let alerts = [
        "NotReady",
        "BreakerOpen(database)",
        "HealthCheckFailing",
        "WorkerStalled",
        "ErrorBudgetBurnFast",
        "OperationLogIncomplete",
        "ConsumerLag",
    ];
    subject.alerts.resolves(&alerts).await;
}

pub(super) async fn broker_is_down(subject: &Subject, events: &Events) {
    let event = events.publish().await;
    events.ban(&event).await;
    subject.to_broker.set(Fault::of(Disruption::Down));
    events.ban(&event).await;
    for (alert, known) in [
        ("OutboxOld", "pending"),
        ("PublishFailing", "pending"),
        ("ConsumerDisconnected", "consumer"),
    ] {
        subject.alerts.fires(alert, known).await;
    }
    subject.to_broker.heal();
    let alerts = ["OutboxOld", "PublishFailing", "ConsumerDisconnected"];
    subject.alerts.resolves(&alerts).await;
    eventually(async || subject.join.is_ready()).await;
}

pub(super) async fn redis_is_down(subject: &Subject) {
    subject.to_redis.set(Fault::of(Disruption::Down));
    let known = "circuit_breaker_state{name=\"server/redis\"}";
    let printed = subject.alerts.fires("RateLimiterErrors", known).await;
    let mut states = printed.lines().filter(|line| line.contains(known));
    assert!(states.next_back().is_some_and(|line| !line.ends_with(" 0")));
    subject.to_redis.heal();
    subject.alerts.resolves(&["RateLimiterErrors"]).await;
}

/// A message that the service cannot read, and one that the broker does not accept.
pub(super) async fn messages_are_invalid(subject: &Subject) {
    publish_unreadable(&subject.broker).await;
    subject.alerts.fires("DeadLetters", "event.updated").await;
    subject.alerts.resolves(&["DeadLetters"]).await;

    let programs = std::env::var("SEAWORTHY_TEST_POSTGRES").unwrap();
    let inserted = Command::new(Path::new(&programs).join("psql"))
        .args(["-At", "-q", "-c", TOO_LARGE, subject.database.url()])
        .output()
        .unwrap();
    assert!(inserted.status.success(), "{inserted:?}");
    let sequence = String::from_utf8(inserted.stdout).unwrap();
    subject
        .alerts
        .fires("OutboxDeadLetters", "join.joined")
        .await;
    let discarded = Command::new(env!("CARGO_BIN_EXE_city-events-join"))
        .args(["outbox", "discard", sequence.trim()])
        .envs(subject.environment.iter().cloned())
        .output()
        .unwrap();
    assert!(discarded.status.success(), "{discarded:?}");
    subject.alerts.resolves(&["OutboxDeadLetters"]).await;
}

async fn publish_unreadable(url: &str) {
    let connection = Connection::connect(url, ConnectionProperties::default());
    let channel = connection.await.unwrap().create_channel().await.unwrap();
    let published = channel.basic_publish(
        "city.events".into(),
        "event.updated".into(),
        BasicPublishOptions::default(),
        b"{",
        BasicProperties::default(),
    );
    published.await.unwrap().await.unwrap();
}
