//! A session that is replaced after the password of its broker was rotated.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures::future::BoxFuture;
use seaworthy_config::Loader;
use seaworthy_health::Readiness;
use seaworthy_messaging::{
    BrokerUrl, DeadLetterId, EmbeddedConfig, Envelope, GroupName, MemoryBroker, Message, Messaging,
    MessagingConfig, PublishError, Received, Subscription, Topic, Topics,
    transport::{
        Deliveries, Delivery, DeliveryTag, SubscriptionPlan, TopicPlan, Transport, TransportError,
    },
};
use seaworthy_service::{NoSettings, Service, StopOutcome};
use seaworthy_testkit::eventually;
use tokio::{
    sync::{Notify, Semaphore, mpsc, oneshot},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

/// Everything that a test waits for happens within this time.
const TIMEOUT: Duration = Duration::from_secs(60);
const TOPIC: &str = "test.happened";

/// A broker in memory. A rotation supersedes its first session. Each further session needs a
/// permit.
struct RotatingBroker {
    broker: MemoryBroker,
    has_session: AtomicBool,
    rotated: CancellationToken,
    reopening: Notify,
    permits: Semaphore,
}

impl Transport for RotatingBroker {
    fn system(&self) -> &'static str {
        self.broker.system()
    }

    fn declare(&self, topics: Vec<TopicPlan>) -> BoxFuture<'_, Result<(), TransportError>> {
        self.broker.declare(topics)
    }

    fn publish(&self, batch: Vec<Envelope>) -> BoxFuture<'_, Vec<Result<(), PublishError>>> {
        self.broker.publish(batch)
    }

    fn keeps_key_order(&self) -> bool {
        true
    }

    fn open(
        &self,
        plan: SubscriptionPlan,
    ) -> BoxFuture<'_, Result<Arc<dyn Deliveries>, TransportError>> {
        Box::pin(async move {
            if self.has_session.swap(true, Ordering::SeqCst) {
                self.reopening.notify_one();
                self.permits.acquire().await.unwrap().forget();
                return self.broker.open(plan).await;
            }
            let session = FirstSession {
                session: self.broker.open(plan).await?,
                rotated: self.rotated.clone(),
            };
            Ok(Arc::new(session) as Arc<dyn Deliveries>)
        })
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

struct FirstSession {
    session: Arc<dyn Deliveries>,
    rotated: CancellationToken,
}

impl Deliveries for FirstSession {
    fn next(&self) -> BoxFuture<'_, Result<Vec<Delivery>, TransportError>> {
        self.session.next()
    }

    fn acknowledge(&self, tags: Vec<DeliveryTag>) -> BoxFuture<'_, Result<(), TransportError>> {
        self.session.acknowledge(tags)
    }

    fn release(&self, tags: Vec<DeliveryTag>) -> BoxFuture<'_, Result<(), TransportError>> {
        self.session.release(tags)
    }

    fn superseded(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.rotated.cancelled())
    }

    fn stop(&self) -> BoxFuture<'_, Result<(), TransportError>> {
        self.session.stop()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn service_stays_ready_while_a_session_is_replaced_conf_5() {
    let broker = Arc::new(RotatingBroker {
        broker: MemoryBroker::new(&EmbeddedConfig::default()),
        has_session: AtomicBool::new(false),
        rotated: CancellationToken::new(),
        reopening: Notify::new(),
        permits: Semaphore::new(0),
    });
    let transport: Arc<dyn Transport> = broker.clone();
    let config = MessagingConfig::new(BrokerUrl::memory());
    let (made, messaging) = oneshot::channel();
    let loader = Loader::for_tests("replaced");
    let service = Service::new("replaced", "1.0.0")
        .start::<NoSettings, _>(loader, async move |service| {
            let messaging = Messaging::with_transport(service, "broker", &config, transport);
            made.send((messaging, service.health().clone())).ok();
            Ok(())
        })
        .await
        .unwrap();
    let (messaging, health) = messaging.await.unwrap();
    let (handled, mut received) = mpsc::unbounded_channel();
    let subscription = Subscription::new("group").on_topic(TOPIC, move |_: Received<Bytes>| {
        handled.send(()).unwrap();
        async { Ok(()) }
    });
    messaging.subscribe(subscription).await.unwrap();
    eventually(async || health.readiness() == Readiness::Ready).await;
    broker.rotated.cancel();
    let reopening = timeout(TIMEOUT, broker.reopening.notified()).await;
    assert!(reopening.is_ok(), "the session is not replaced");
    assert_eq!(health.readiness(), Readiness::Ready);
    // The next session handles messages.
    broker.permits.add_permits(1);
    let publisher = messaging.publisher(Topics::new().with_topic(TOPIC)).await;
    let message = Message::raw(TOPIC, "text/plain", "text");
    publisher.unwrap().publish(message).await.unwrap();
    let delivered = timeout(TIMEOUT, received.recv()).await;
    assert_eq!(delivered, Ok(Some(())));
    assert_eq!(service.stop().await, StopOutcome::Clean);
}
