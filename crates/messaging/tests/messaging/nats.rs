//! The conformance suite on a real NATS, with restarts. The tests stop the server and do not kill
//! it. Version 2.9 confirms messages before it has written them, so a kill loses them.

use std::{
    net::SocketAddr,
    num::NonZeroU16,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use futures::{TryStreamExt as _, future::BoxFuture};
use seaworthy_core::{Secret, SecretRotation, Timeout};
use seaworthy_messaging::{
    Envelope, GroupName, MessagingConfig, Topic,
    conformance::{FaultyBroker, Harness},
    nats::NatsBroker,
    transport::{Deliveries, Delivery, Order, SubscriptionPlan, Transport, TransportError},
};
use seaworthy_testkit::{nats::NatsServer, requirement, server::Shared};

use crate::faulty::{restart, through_proxy};

/// Longer than any awaited event takes on a slow machine.
const TIMEOUT: Duration = Duration::from_secs(60);

/// NATS restarts faster than a publisher fails. An outage that a test must see lasts longer than
/// the publish timeout of each test.
const OUTAGE: Duration = Duration::from_secs(1);

static NATS: Shared<NatsServer> = Shared::new("SEAWORTHY_TEST_NATS", NatsServer::start);

fn config(url: &str) -> MessagingConfig {
    let mut config = MessagingConfig::new(url.parse().unwrap());
    // The server redelivers the messages of a dead member soon.
    config.nats.claim_ttl = Timeout::from_secs(2);
    config
}

async fn connect(config: MessagingConfig) -> Arc<dyn Transport> {
    Arc::new(NatsBroker::open(&config, "conformance").await.unwrap())
}

/// The limit of a server with its default settings, in bytes.
const MAX_PAYLOAD: usize = 1024 * 1024;

/// Two connections, the first one through a proxy.
async fn faulty(server: SocketAddr) -> FaultyBroker {
    through_proxy(server, |address| {
        connect(config(&format!("nats://{address}")))
    })
    .await
}

struct SharedServer(&'static NatsServer);

impl Harness for SharedServer {
    fn config(&self) -> MessagingConfig {
        config(&self.0.url())
    }

    fn open(&self) -> BoxFuture<'_, Arc<dyn Transport>> {
        Box::pin(connect(self.config()))
    }

    fn faulty(&self) -> BoxFuture<'_, FaultyBroker> {
        Box::pin(faulty(self.0.address()))
    }

    fn has_store<'a>(&'a self, topic: &'a Topic) -> BoxFuture<'a, bool> {
        Box::pin(async move {
            let client = async_nats::connect(self.0.url()).await.unwrap();
            let context = async_nats::jetstream::new(client);
            let names: Vec<_> = context.stream_names().try_collect().await.unwrap();
            let unique = topic.as_str().split('.').nth(1).unwrap();
            names.iter().any(|name| name.contains(unique))
        })
    }

    fn refused_size(&self) -> Option<usize> {
        Some(MAX_PAYLOAD)
    }
}

/// A server of its own, which the test may stop.
struct OwnServer(Arc<Mutex<NatsServer>>);

impl Harness for OwnServer {
    fn config(&self) -> MessagingConfig {
        config(&self.0.lock().unwrap().url())
    }

    fn open(&self) -> BoxFuture<'_, Arc<dyn Transport>> {
        Box::pin(connect(self.config()))
    }

    fn faulty(&self) -> BoxFuture<'_, FaultyBroker> {
        Box::pin(faulty(self.0.lock().unwrap().address()))
    }

    fn restart(&self) -> Option<BoxFuture<'_, ()>> {
        Some(restart(&self.0, |server| {
            server.stop();
            std::thread::sleep(OUTAGE);
            server.restart()
        }))
    }
}

fn shared() -> Option<SharedServer> {
    NATS.get().map(SharedServer)
}

fn own() -> Option<OwnServer> {
    let program = requirement::required("SEAWORTHY_TEST_NATS")?;
    let server = NatsServer::start(program).unwrap();
    Some(OwnServer(Arc::new(Mutex::new(server))))
}

crate::faulty::measurement!();

seaworthy_messaging::conformance!(shared(), own());

/// The user `app`, with these subjects that it may not publish to.
fn limited(denied: &[&str]) -> Option<NatsServer> {
    let program = requirement::required("SEAWORTHY_TEST_NATS")?;
    let denied = denied.join("\", \"");
    let settings = format!(
        "authorization {{ users = [ {{ user: app, password: hunter2, \
         permissions: {{ publish: {{ deny: [\"{denied}\"] }} }} }} ] }}\n"
    );
    Some(NatsServer::start_with(program, &settings).unwrap())
}

async fn connect_limited(server: &NatsServer) -> Arc<dyn Transport> {
    connect(config(&format!("nats://app:hunter2@{}", server.address()))).await
}

fn plan(topic: &Topic) -> SubscriptionPlan {
    SubscriptionPlan {
        group: GroupName::new("group").unwrap(),
        topics: vec![topic.clone()],
        prefetch: NonZeroU16::new(1).unwrap(),
        order: Order::Member,
    }
}

async fn next(session: &dyn Deliveries) -> Delivery {
    let next = tokio::time::timeout(TIMEOUT, session.next()).await;
    next.unwrap().unwrap().remove(0)
}

/// Without the permissions for the records of returned messages, subscriptions work, and a returned
/// message counts as delivered.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn subscription_works_without_permission_to_record_returns_msg_1() {
    let no_stream = ["$JS.API.STREAM.*.messages++returned"];
    let no_records = [
        "messages.returned.>",
        "$JS.API.DIRECT.GET.messages++returned",
        "$JS.API.STREAM.PURGE.messages++returned",
    ];
    for denied in [&no_stream[..], &no_records[..]] {
        let Some(server) = limited(denied) else {
            return;
        };
        let topic = Topic::new("limited").unwrap();
        let transport = connect_limited(&server).await;
        let begun = Instant::now();
        let session = transport.open(plan(&topic)).await.unwrap();
        let message = Envelope::new(topic.clone(), "test", "test", "text");
        let published = transport.publish(vec![message]).await;
        assert!(published.iter().all(Result::is_ok), "{published:?}");
        for count in 1..=3 {
            let delivery = next(&*session).await;
            assert_eq!(delivery.count, count, "{denied:?}");
            session.release(vec![delivery.tag]).await.unwrap();
        }
        let delivery = next(&*session).await;
        session.acknowledge(vec![delivery.tag]).await.unwrap();
        // A request that waits for its timeout takes 2 s.
        let elapsed = begun.elapsed();
        assert!(elapsed < Duration::from_secs(2), "{denied:?}: {elapsed:?}");
        transport.close().await;
    }
}

/// A subscription that the user may not create is rejected at once, and the error names the
/// subject.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn missing_permission_is_refused_with_its_subject_msg_2() {
    let Some(server) = limited(&["$JS.API.CONSUMER.>"]) else {
        return;
    };
    let transport = connect_limited(&server).await;
    let opened = transport.open(plan(&Topic::new("limited").unwrap())).await;
    let Err(TransportError::Rejected(problem)) = opened.map(drop) else {
        panic!("the subscription is not rejected");
    };
    let problem = problem.to_string();
    assert!(problem.contains("$JS.API.CONSUMER"), "{problem}");
}

/// The server takes a new password. Reconnections use it without a restart of the service.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rotated_password_opens_new_connections_conf_5() {
    let Some(program) = requirement::required("SEAWORTHY_TEST_NATS") else {
        return;
    };
    let users = |password: &str| {
        format!("authorization {{ users = [ {{ user: app, password: {password} }} ] }}\n")
    };
    let mut server = NatsServer::start_with(program, &users("first")).unwrap();
    let rotation = SecretRotation::default();
    let mut config = config(&format!("nats://app@{}", server.address()));
    config.password = Some(Secret::with_rotation("first".to_owned(), &rotation));
    let transport = connect(config).await;
    let topic = Topic::new("rotated").unwrap();
    let _session = transport.open(plan(&topic)).await.unwrap();
    let is_published = async || {
        let message = Envelope::new(topic.clone(), "test", "test", "text");
        let published = transport.publish(vec![message]).await;
        published.iter().all(Result::is_ok)
    };
    assert!(is_published().await);
    server.configure(&users("second")).unwrap();
    assert!(!is_published().await);
    rotation.set(Secret::new("second".to_owned()));
    let begun = Instant::now();
    while !is_published().await {
        assert!(begun.elapsed() < TIMEOUT);
    }
    transport.close().await;
}
