//! A broker that rejects every form of a dead letter.

use std::{
    num::NonZeroU16,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures::future::BoxFuture;
use seaworthy_config::Loader;
use seaworthy_messaging::{
    BrokerUrl, DeadLetterId, EmbeddedConfig, Envelope, Failure, GroupName, MemoryBroker, Message,
    Messaging, MessagingConfig, PublishError, Received, Subscription, Topic, Topics,
    transport::{Deliveries, SubscriptionPlan, TopicPlan, Transport, TransportError},
};
use seaworthy_service::{NoSettings, Service, StopOutcome};
use seaworthy_telemetry::metrics::Format;
use tokio::{sync::mpsc, time::timeout};

/// Everything that a test waits for happens within this time.
const TIMEOUT: Duration = Duration::from_secs(60);
const TOPIC: &str = "test.happened";
const METRIC: &str = "messages_dead_letter_rejections_total";

/// A broker in memory that rejects dead letters while the flag is set.
struct RejectingBroker {
    broker: MemoryBroker,
    rejects: AtomicBool,
}

impl Transport for RejectingBroker {
    fn system(&self) -> &'static str {
        self.broker.system()
    }

    fn declare(&self, topics: Vec<TopicPlan>) -> BoxFuture<'_, Result<(), TransportError>> {
        self.broker.declare(topics)
    }

    fn publish(&self, batch: Vec<Envelope>) -> BoxFuture<'_, Vec<Result<(), PublishError>>> {
        let is_dead_letter = |envelope: &Envelope| envelope.topic().is_dead_letters();
        if self.rejects.load(Ordering::SeqCst) && batch.iter().any(is_dead_letter) {
            let rejected = |_| Err(PublishError::permanent("no dead letters"));
            return Box::pin(std::future::ready(batch.iter().map(rejected).collect()));
        }
        self.broker.publish(batch)
    }

    fn keeps_key_order(&self) -> bool {
        true
    }

    fn open(
        &self,
        plan: SubscriptionPlan,
    ) -> BoxFuture<'_, Result<Arc<dyn Deliveries>, TransportError>> {
        self.broker.open(plan)
    }

    fn lag<'a>(&'a self, group: &'a GroupName) -> BoxFuture<'a, Result<u64, TransportError>> {
        self.broker.lag(group)
    }

    fn check(&self) -> BoxFuture<'_, Result<(), TransportError>> {
        self.broker.check()
    }

    fn browse<'a>(
        &'a self,
        topic: &'a Topic,
        after: Option<&'a DeadLetterId>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Envelope>, TransportError>> {
        self.broker.browse(topic, after, limit)
    }

    fn remove<'a>(
        &'a self,
        topic: &'a Topic,
        ids: &'a [DeadLetterId],
    ) -> BoxFuture<'a, Result<u64, TransportError>> {
        self.broker.remove(topic, ids)
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.broker.close()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rejected_dead_letter_is_requeued_and_stored_later_msg_3() {
    let broker = Arc::new(RejectingBroker {
        broker: MemoryBroker::new(&EmbeddedConfig::default()),
        rejects: AtomicBool::new(true),
    });
    let transport: Arc<dyn Transport> = broker.clone();
    let mut config = MessagingConfig::new(BrokerUrl::memory());
    config.defaults.concurrency = NonZeroU16::MIN;
    config.defaults.prefetch = NonZeroU16::MIN;
    let made = Arc::new(Mutex::new(None));
    let keep = Arc::clone(&made);
    let loader = Loader::for_tests("rejected");
    let service = Service::new("rejected", "1.0.0")
        .start::<NoSettings, _>(loader, async move |service| {
            let messaging = Messaging::with_transport(service, "broker", &config, transport);
            let metrics = service.metrics().clone();
            *keep.lock().unwrap() = Some((messaging, metrics));
            Ok(())
        })
        .await
        .unwrap();
    let (messaging, metrics) = made.lock().unwrap().take().unwrap();
    let (handled, mut received) = mpsc::unbounded_channel();
    let subscription = Subscription::new("group").on_topic(TOPIC, move |_: Received<Bytes>| {
        handled.send(()).unwrap();
        async { Err::<(), _>(Failure::reject("not wanted")) }
    });
    messaging.subscribe(subscription).await.unwrap();
    let publisher = messaging.publisher(Topics::new().with_topic(TOPIC)).await;
    let message = Message::raw(TOPIC, "text/plain", "text");
    publisher.unwrap().publish(message).await.unwrap();
    // The second delivery follows only after the message went back to the broker.
    for _ in 0..2 {
        let delivered = timeout(TIMEOUT, received.recv()).await;
        assert_eq!(delivered, Ok(Some(())), "the message stays unacknowledged");
    }
    let text = metrics.render(Format::PrometheusText);
    assert!(
        text.lines()
            .any(|line| line.starts_with(METRIC) && line.ends_with(" 1")),
        "{text}"
    );
    broker.rejects.store(false, Ordering::SeqCst);
    let (letters, topic) = (
        messaging.dead_letters().unwrap(),
        Topic::new(TOPIC).unwrap(),
    );
    let stored = async {
        while letters.list(&topic, None, 10).await.unwrap().len() != 1 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(TIMEOUT, stored).await.unwrap();
    assert_eq!(service.stop().await, StopOutcome::Clean);
}
