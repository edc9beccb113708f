//! Messages of other applications, batches, and messages that a crash leaves unsettled.

use std::{num::NonZeroU16, time::Duration};

use seaworthy_messaging::{
    Envelope, GroupName, PublishError, Topic,
    dapr::DaprBroker,
    transport::{Delivery, Order, SubscriptionPlan, Transport as _},
};
use seaworthy_redis::redis::cmd;
use tokio::time;

use super::harness::{APP, Servers, pending, program, servers};

/// Longer than Redis keeps the messages of a crashed consumer.
const TIMEOUT: Duration = Duration::from_secs(60);

fn topic() -> Topic {
    Topic::new(&format!("dapr.{}", seaworthy_core::new_id().simple())).unwrap()
}

fn plan(topic: &Topic) -> SubscriptionPlan {
    SubscriptionPlan {
        group: GroupName::new(APP).unwrap(),
        topics: vec![topic.clone()],
        prefetch: NonZeroU16::new(500).unwrap(),
        is_required: false,
        order: Order::Member,
    }
}

/// Opens a session in a new connection and returns its first messages. The session ends unsettled,
/// as in a crash.
async fn first_messages(servers: &Servers, topic: &Topic, count: usize) -> Vec<Delivery> {
    let broker = DaprBroker::open(&servers.config()).await.unwrap();
    let session = broker.open(plan(topic)).await.unwrap();
    let mut all = Vec::new();
    let arriving = async {
        while all.len() < count {
            all.extend(session.next().await.unwrap());
        }
    };
    time::timeout(TIMEOUT, arriving).await.unwrap();
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unsettled_message_is_redelivered_after_crash_msg_1() {
    let Some(servers) = servers() else { return };
    let topic = topic();
    let broker = DaprBroker::open(&servers.config()).await.unwrap();
    let message = Envelope::new(topic.clone(), "test", "test", "survivor");
    let published = broker.publish(vec![message.clone()]).await;
    assert!(matches!(&published[..], [Ok(())]), "{published:?}");
    for _ in 0..2 {
        let again = first_messages(servers, &topic, 1).await;
        assert_eq!(again[0].envelope.id(), message.id());
        // Dapr does not count.
        assert_eq!(again[0].count, 1);
    }
    let session = broker.open(plan(&topic)).await.unwrap();
    let last = time::timeout(TIMEOUT, session.next())
        .await
        .unwrap()
        .unwrap();
    let tags = last.iter().map(|delivery| delivery.tag).collect();
    session.acknowledge(tags).await.unwrap();
    drop(session);
    broker.close().await;
    assert_eq!(pending(&servers.redis(), &topic, APP).await, 0);
}

/// More messages than one bulk contains.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_batch_arrives_complete_msg_4() {
    let Some(servers) = servers() else { return };
    let topic = topic();
    let broker = DaprBroker::open(&servers.config()).await.unwrap();
    let batch: Vec<_> = (0..250)
        .map(|number| Envelope::new(topic.clone(), "test", "test", number.to_string()))
        .collect();
    let published = broker.publish(batch).await;
    assert_eq!(published.len(), 250);
    assert!(published.iter().all(Result::is_ok), "{published:?}");
    let arrived = first_messages(servers, &topic, 64).await;
    assert!(arrived.iter().all(|delivery| delivery.problem.is_none()));
    let length = cmd("XLEN").arg(topic.as_str()).clone();
    let length: u64 = servers.redis().request(&length).await.unwrap();
    assert_eq!(length, 250);
}

/// Dapr responds to a bulk with one error if a message fails. The engine then publishes each
/// message alone, so that the others are confirmed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rejected_message_does_not_fail_its_bulk_msg_4() {
    let Some(program) = program() else { return };
    let redis = ["--save", "", "--proto-max-bulk-len", "1mb"];
    let servers = Servers::start(&program, &redis, None).unwrap();
    let broker = DaprBroker::open(&servers.config()).await.unwrap();
    let (topic, large) = (topic(), "x".repeat(1_200_000));
    let batch = ["one", &large, "two"]
        .map(|payload| Envelope::new(topic.clone(), "test", "test", payload.to_owned()));
    let published = broker.publish(batch.to_vec()).await;
    assert!(
        matches!(
            &published[..],
            [Ok(()), Err(PublishError::Unavailable(_)), Ok(())]
        ),
        "{published:?}"
    );
}

/// Another application publishes plain JSON, which Dapr puts into a CloudEvent.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn event_of_other_application_arrives_msg_1() {
    let Some(servers) = servers() else { return };
    let topic = topic();
    let path = format!("/v1.0/publish/pubsub/{topic}");
    let json = [("content-type", "application/json")];
    let answer = servers.dapr.post(&path, &json, r#"{"id":7}"#).unwrap();
    assert_eq!(answer.status, 204, "{}", answer.body);
    let arrived = first_messages(servers, &topic, 1).await.remove(0);
    assert_eq!(arrived.problem, None);
    let event = arrived.envelope;
    assert_eq!(&event.payload()[..], br#"{"id":7}"#);
    assert_eq!(event.event_type(), "com.dapr.event.sent");
    assert_eq!(event.source(), APP);
    assert_eq!(event.content_type(), Some("application/json"));
    assert!(event.time().is_some());
    assert_eq!(event.headers().count(), 0);
}
