//! A full queue of one topic beside a topic with room.

use std::{num::NonZeroU32, sync::Arc};

use seaworthy_config::Loader;
use seaworthy_core::Timeout;
use seaworthy_messaging::{
    BrokerUrl, EmbeddedConfig, GroupName, MemoryBroker, Message, Messaging, MessagingConfig,
    PublishError, Topic, Topics,
    transport::{Order, SubscriptionPlan, Transport},
};
use seaworthy_service::{NoSettings, Service, StopOutcome};
use tokio::sync::oneshot;

const MAX_BACKLOG: u32 = 50;
/// More than the consecutive failures that open a circuit breaker.
const REJECTIONS: usize = 20;

fn plan(name: &str) -> SubscriptionPlan {
    SubscriptionPlan {
        group: GroupName::new(name).unwrap(),
        topics: vec![Topic::new(name).unwrap()],
        prefetch: 1.try_into().unwrap(),
        is_required: false,
        order: Order::Member,
    }
}

fn message(topic: &str) -> Message {
    Message::raw(topic, "text/plain", "text")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn full_queue_opens_no_breaker_msg_4() {
    let broker = MemoryBroker::new(&EmbeddedConfig {
        max_backlog: NonZeroU32::new(MAX_BACKLOG).unwrap(),
        ..EmbeddedConfig::default()
    });
    let _full = broker.open(plan("full")).await.unwrap();
    let _free = broker.open(plan("free")).await.unwrap();
    let transport: Arc<dyn Transport> = Arc::new(broker);
    let mut config = MessagingConfig::new(BrokerUrl::memory());
    config.publish_timeout = Timeout::from_millis(200);
    let loader = Loader::for_tests("full-queue");
    let (made, messaging) = oneshot::channel();
    let service = Service::new("full-queue", "1.0.0")
        .start::<NoSettings, _>(loader, async move |service| {
            let messaging = Messaging::with_transport(service, "broker", &config, transport);
            made.send(messaging).ok();
            Ok(())
        })
        .await
        .unwrap();
    let topics = Topics::new().with_topic("full").with_topic("free");
    let publisher = messaging.await.unwrap().publisher(topics).await.unwrap();
    for _ in 0..MAX_BACKLOG {
        publisher.publish(message("full")).await.unwrap();
    }
    for _ in 0..REJECTIONS {
        let batch = vec![publisher.prepare(message("full")).unwrap()];
        let answers = publisher.publish_all(batch).await;
        let is_full = matches!(&answers[..], [Err(PublishError::QueueFull { topic })] if topic.as_str() == "full");
        assert!(is_full, "{answers:?}");
    }
    let answer = publisher.publish(message("full")).await;
    assert!(
        matches!(answer, Err(PublishError::QueueFull { .. })),
        "{answer:?}"
    );
    let batch = vec![publisher.prepare(message("free")).unwrap()];
    let answers = publisher.publish_all(batch).await;
    assert!(matches!(answers[..], [Ok(())]), "{answers:?}");
    assert_eq!(service.stop().await, StopOutcome::Clean);
}
