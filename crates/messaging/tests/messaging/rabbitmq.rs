//! The conformance suite on a real RabbitMQ, which the tests also kill.

use std::{
    collections::BTreeSet,
    net::SocketAddr,
    num::NonZeroU16,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use futures::future::BoxFuture;
use seaworthy_config::Loader;
use seaworthy_core::{Secret, SecretRotation, new_id};
use seaworthy_messaging::{
    Envelope, GroupName, Message, Messaging, MessagingConfig, PublishError, Received, Subscription,
    Topic, Topics,
    conformance::{FaultyBroker, Harness},
    rabbitmq::{QueueArgument, QueueConfig, RabbitmqBroker},
    transport::{TopicPlan, Transport},
};
use seaworthy_service::{NoSettings, RunningService, Service, StopOutcome};
use seaworthy_testkit::{eventually, rabbitmq::RabbitmqServer, requirement, server::Shared};
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};

use crate::faulty::{restart, through_proxy};

pub(crate) static RABBITMQ: Shared<RabbitmqServer> =
    Shared::new("SEAWORTHY_TEST_RABBITMQ", |programs| {
        RabbitmqServer::start(programs)
    });

struct SharedServer(&'static RabbitmqServer);

impl Harness for SharedServer {
    fn has_positions(&self) -> bool {
        false
    }

    fn config(&self) -> MessagingConfig {
        MessagingConfig::new(self.0.url().parse().unwrap())
    }

    fn open(&self) -> BoxFuture<'_, Arc<dyn Transport>> {
        Box::pin(connect(self.config()))
    }

    fn faulty(&self) -> BoxFuture<'_, FaultyBroker> {
        let (address, url) = (self.0.address(), |address| self.0.url_at(address));
        Box::pin(faulty(address, url))
    }

    fn has_store<'a>(&'a self, topic: &'a Topic) -> BoxFuture<'a, bool> {
        Box::pin(async move {
            let queue = GroupName::new(topic.as_str()).unwrap();
            self.open().await.lag(&queue).await.is_ok()
        })
    }
}

pub(crate) async fn connect(config: MessagingConfig) -> Arc<dyn Transport> {
    Arc::new(RabbitmqBroker::open(&config, "conformance").await.unwrap())
}

/// A queue of this length is full within most batches, and has room again a moment later.
const MAX_LENGTH: i64 = 8;

/// Two connections, the first one through a proxy. A channel keeps its order over network faults,
/// so short queues also reject messages.
async fn faulty(server: SocketAddr, url: impl Fn(SocketAddr) -> String) -> FaultyBroker {
    through_proxy(server, |address| {
        let mut config = MessagingConfig::new(url(address).parse().unwrap());
        let length = ("x-max-length".to_owned(), QueueArgument::Number(MAX_LENGTH));
        config.rabbitmq.queue_defaults.arguments.extend([length]);
        connect(config)
    })
    .await
}

/// A server of its own, which the test may kill.
struct OwnServer(Arc<Mutex<RabbitmqServer>>);

impl Harness for OwnServer {
    fn config(&self) -> MessagingConfig {
        let url = self.0.lock().unwrap().url();
        MessagingConfig::new(url.parse().unwrap())
    }

    fn open(&self) -> BoxFuture<'_, Arc<dyn Transport>> {
        Box::pin(connect(self.config()))
    }

    fn faulty(&self) -> BoxFuture<'_, FaultyBroker> {
        let server = Arc::clone(&self.0);
        let address = server.lock().unwrap().address();
        Box::pin(faulty(address, move |address| {
            server.lock().unwrap().url_at(address)
        }))
    }

    fn wait_until_durable<'a>(&'a self, group: &'a str) -> BoxFuture<'a, ()> {
        let (server, group) = (Arc::clone(&self.0), group.to_owned());
        Box::pin(async move {
            let durable = tokio::task::spawn_blocking(move || {
                server.lock().unwrap().wait_until_durable(&group)
            });
            durable.await.unwrap().unwrap();
        })
    }

    fn restart(&self) -> Option<BoxFuture<'_, ()>> {
        Some(restart(&self.0, RabbitmqServer::restart))
    }
}

fn shared() -> Option<SharedServer> {
    RABBITMQ.get().map(SharedServer)
}

fn own() -> Option<OwnServer> {
    let programs = requirement::required("SEAWORTHY_TEST_RABBITMQ")?;
    let server = RabbitmqServer::start(programs).unwrap();
    Some(OwnServer(Arc::new(Mutex::new(server))))
}

crate::faulty::measurement!();

seaworthy_messaging::conformance!(shared());
seaworthy_messaging::conformance_tests!(
    own();
    broker_restart_loses_nothing_msg_1,
    publish_during_outage_is_error_msg_2,
);

/// A service on the shared broker, with its own exchange.
async fn service(server: &RabbitmqServer, queues: &[(&str, &str)]) -> (RunningService, Messaging) {
    let mut config = MessagingConfig::new(server.url().parse().unwrap());
    config.rabbitmq.exchange = format!("exchange.{}", new_id().simple());
    for (group, binding) in queues {
        let queue = QueueConfig {
            bindings: vec![(*binding).to_owned()],
            ..QueueConfig::default()
        };
        config.rabbitmq.queues.insert((*group).to_owned(), queue);
    }
    config.defaults.prefetch = NonZeroU16::new(2).unwrap();
    config.defaults.concurrency = NonZeroU16::new(2).unwrap();
    let transport = connect(config.clone()).await;
    // The tests subscribe after the start, and the start rejects settings without a subscription.
    config.rabbitmq.queues.clear();
    service_with(config, transport).await
}

async fn service_with(
    config: MessagingConfig,
    transport: Arc<dyn Transport>,
) -> (RunningService, Messaging) {
    let loader = Loader::for_tests("conformance");
    let (started, messaging) = oneshot::channel();
    let service = Service::new("conformance", "1.0.0")
        .start::<NoSettings, _>(loader, async move |service| {
            let messaging = Messaging::with_transport(service, "broker", &config, transport);
            started.send(messaging).ok();
            Ok(())
        })
        .await
        .unwrap();
    (service, messaging.await.unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_of_unplanned_topics_stop_no_consumer_msg_3() {
    let Some(server) = RABBITMQ.get() else { return };
    let unique = new_id().simple().to_string();
    let (group, topic) = (format!("group.{unique}"), format!("planned.{unique}"));
    let (service, messaging) = service(server, &[(&group, "#")]).await;
    let (handled, mut arrived) = mpsc::unbounded_channel();
    let subscription = Subscription::new(&group).on_topic(&topic, move |_: Received<Bytes>| {
        handled.send(()).unwrap();
        async { Ok(()) }
    });
    messaging.subscribe(subscription).await.unwrap();
    let foreign: Vec<String> = (0..5)
        .map(|number| format!("foreign.{number}.{unique}"))
        .collect();
    let all = foreign.iter().chain([&topic]);
    let topics = all
        .clone()
        .fold(Topics::new(), |topics, topic| topics.with_topic(topic));
    let publisher = messaging.publisher(topics).await.unwrap();
    for topic in all {
        let message = Message::raw(topic, "text/plain", "text");
        publisher.publish(message).await.unwrap();
    }
    let handled = timeout(Duration::from_secs(60), arrived.recv()).await;
    assert_eq!(
        handled,
        Ok(Some(())),
        "the planned message is never delivered"
    );
    let letters = messaging.dead_letters().unwrap();
    for topic in &foreign {
        let found = letters.list(&Topic::new(topic).unwrap(), None, 10).await;
        assert_eq!(found.unwrap().len(), 1, "{topic}");
    }
    assert_eq!(service.stop().await, StopOutcome::Clean);
}

/// A topic that may have no subscriber.
fn optional(topic: &str) -> TopicPlan {
    TopicPlan {
        topic: Topic::new(topic).unwrap(),
        allows_unroutable: true,
        groups: Vec::new(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn missing_exchange_rejects_no_message_for_good_msg_4() {
    let Some(server) = RABBITMQ.get() else { return };
    let mut config = MessagingConfig::new(server.url().parse().unwrap());
    config.rabbitmq.exchange = format!("exchange.{}", new_id().simple());
    let exchange = config.rabbitmq.exchange.clone();
    let broker = connect(config).await;
    broker.declare(vec![optional("topic")]).await.unwrap();
    let url = server.url();
    let client = lapin::Connection::connect(&url, lapin::ConnectionProperties::default());
    let channel = client.await.unwrap().create_channel().await.unwrap();
    let none = lapin::options::ExchangeDeleteOptions::default();
    channel
        .exchange_delete(exchange.into(), none)
        .await
        .unwrap();
    let batch = || {
        let topic = Topic::new("topic").unwrap();
        vec![Envelope::new(topic, "kind", "source", "payload"); 5]
    };
    let wait = async {
        loop {
            let answers = broker.publish(batch()).await;
            if answers.iter().all(Result::is_ok) {
                break;
            }
            for answer in answers {
                assert!(
                    answer.as_ref().is_err_and(PublishError::is_transient),
                    "{answer:?}"
                );
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(Duration::from_secs(60), wait).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rotated_password_opens_new_connections_conf_5() {
    let Some(server) = RABBITMQ.get() else { return };
    let user = format!("rotating-{}", new_id().simple());
    server.control(&["add_user", &user, "first"]).unwrap();
    let permissions = ["set_permissions", &user, ".*", ".*", ".*"];
    server.control(&permissions).unwrap();
    let rotation = SecretRotation::default();
    let url = server.url().replace("guest:guest", &user);
    let mut config = MessagingConfig::new(url.parse().unwrap());
    config.password = Some(Secret::with_rotation("first".to_owned(), &rotation));
    let broker = RabbitmqBroker::open(&config, "rotating").await.unwrap();
    broker.check().await.unwrap();

    server
        .control(&["change_password", &user, "second"])
        .unwrap();
    broker.check().await.unwrap();
    let close = ["close_all_user_connections", &user, "test"];
    server.control(&close).unwrap();
    let rejected = async {
        while broker.check().await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(Duration::from_secs(60), rejected).await.unwrap();
    rotation.set(Secret::new("second".to_owned()));
    let accepted = async {
        while broker.check().await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(Duration::from_secs(60), accepted).await.unwrap();
    broker.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_with_rotated_password_drain_conf_5() {
    let Some(server) = RABBITMQ.get() else { return };
    let unique = new_id().simple().to_string();
    let user = format!("draining-{unique}");
    server.control(&["add_user", &user, "first"]).unwrap();
    let permissions = ["set_permissions", &user, ".*", ".*", ".*"];
    server.control(&permissions).unwrap();
    let rotation = SecretRotation::default();
    let url = server.url().replace("guest:guest", &user);
    let mut config = MessagingConfig::new(url.parse().unwrap());
    config.password = Some(Secret::with_rotation("first".to_owned(), &rotation));
    let transport = connect(config.clone()).await;
    let (service, messaging) = service_with(config, transport).await;
    let (group, topic) = (format!("group.{unique}"), format!("topic.{unique}"));
    let (begun, mut started) = mpsc::unbounded_channel();
    let permits = Arc::new(tokio::sync::Semaphore::new(0));
    let waiting = Arc::clone(&permits);
    let subscription = Subscription::new(&group).on_topic(&topic, move |text: Received<Bytes>| {
        begun
            .send(String::from_utf8_lossy(text.event()).into_owned())
            .unwrap();
        let waiting = Arc::clone(&waiting);
        async move {
            waiting.acquire().await.unwrap().forget();
            Ok(())
        }
    });
    messaging.subscribe(subscription).await.unwrap();
    let publisher = messaging
        .publisher(Topics::new().with_topic(&topic))
        .await
        .unwrap();
    let publish = async |text: &'static str, key: Option<&str>| {
        let message = Message::raw(&topic, "text/plain", text);
        let message = match key {
            Some(key) => message.key(key),
            None => message,
        };
        publisher.publish(message).await.unwrap();
    };
    let mut started = async || {
        let next = timeout(Duration::from_secs(60), started.recv());
        next.await.unwrap().unwrap()
    };
    let connections = || -> BTreeSet<String> {
        let listed = server.query(&["-q", "list_connections", "user", "pid"]);
        let listed = listed.unwrap();
        let of_user = listed.lines().filter(|line| line.starts_with(&user));
        of_user.map(str::to_owned).collect()
    };
    publish("first", Some("key")).await;
    assert_eq!(started().await, "first");
    publish("second", Some("key")).await;
    let old = connections();
    assert_eq!(old.len(), 2, "{old:?}");

    server
        .control(&["change_password", &user, "second"])
        .unwrap();
    rotation.set(Secret::new("second".to_owned()));
    // The publisher gets a new connection. The consumer keeps its own until its handlers end.
    eventually(async || connections().intersection(&old).count() == 1).await;
    // New messages do not wait for them, except those of the same key.
    publish("third", Some("key")).await;
    publish("fourth", None).await;
    assert_eq!(started().await, "fourth");
    assert_eq!(connections().intersection(&old).count(), 1);
    permits.add_permits(4);
    assert_eq!(started().await, "second");
    assert_eq!(started().await, "third");
    eventually(async || connections().intersection(&old).count() == 0).await;
    // Each message was handled once.
    eventually(async || permits.available_permits() == 0).await;
    assert_eq!(connections().len(), 2);

    // An idle consumer follows at once.
    let idle = connections();
    server
        .control(&["change_password", &user, "third"])
        .unwrap();
    rotation.set(Secret::new("third".to_owned()));
    eventually(async || connections().is_disjoint(&idle)).await;
    assert_eq!(service.stop().await, StopOutcome::Clean);
}
