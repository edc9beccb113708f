//! The conformance suite on a real NATS, with restarts. The tests stop the server and do not kill
//! it. Version 2.9 confirms messages before it has written them, so a kill loses them.

use std::{
    net::SocketAddr,
    num::NonZeroU16,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
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
use seaworthy_testkit::{eventually, nats::NatsServer, requirement, server::Shared};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
};

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
    fn receives_new_topics(&self) -> bool {
        false
    }

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

/// The timeout of requests of a limited user, longer than all requests of a test take.
const LIMITED_TIMEOUT: Timeout = Timeout::from_secs(30);

async fn connect_limited(server: &NatsServer) -> Arc<dyn Transport> {
    let mut config = config(&format!("nats://app:hunter2@{}", server.address()));
    config.nats.timeout = LIMITED_TIMEOUT;
    connect(config).await
}

fn plan(topic: &Topic) -> SubscriptionPlan {
    SubscriptionPlan {
        group: GroupName::new("group").unwrap(),
        topics: vec![topic.clone()],
        prefetch: NonZeroU16::new(1).unwrap(),
        is_required: false,
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
        // No request waits for its timeout.
        let elapsed = begun.elapsed();
        assert!(elapsed < LIMITED_TIMEOUT.get(), "{denied:?}: {elapsed:?}");
        transport.close().await;
    }
}

/// A subscription that the user may not create is rejected at once, and the error names the
/// subject.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn missing_permission_is_rejected_with_its_subject_msg_2() {
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

/// A publisher that does not find the group yet creates it with its own lease, after the member.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn member_restores_lease_that_publisher_shortened_msg_3() {
    let Some(server) = NATS.get() else { return };
    let unique = seaworthy_core::new_id().simple().to_string();
    let topic = Topic::new(&format!("lease.{unique}")).unwrap();
    let mut long = config(&server.url());
    long.nats.claim_ttl = Timeout::from_secs(40);
    let transport = connect(long).await;
    let session = transport.open(plan(&topic)).await.unwrap();
    let client = async_nats::connect(server.url()).await.unwrap();
    let context = async_nats::jetstream::new(client);
    let names: Vec<String> = context.stream_names().try_collect().await.unwrap();
    let name = names.iter().find(|name| name.ends_with(&unique)).unwrap();
    let stream = context.get_stream(name).await.unwrap();
    let ack_wait = async || {
        let info = stream.consumer_info("group").await.unwrap();
        info.config.ack_wait
    };
    // A member sends the same request as a publisher.
    let publisher = connect(config(&server.url())).await;
    drop(publisher.open(plan(&topic)).await.unwrap());
    assert_eq!(ack_wait().await, Duration::from_secs(2));
    let restored = async {
        while ack_wait().await != Duration::from_secs(40) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    // The session begins with this call. It has no messages.
    tokio::select! {
        restored = tokio::time::timeout(TIMEOUT, restored) => restored.unwrap(),
        ended = session.next() => panic!("the session ended: {ended:?}"),
    }
    transport.close().await;
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

/// Forwards connections to a server. Returns its address and the number of open connections.
async fn forward(server: SocketAddr) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let open = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&open);
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let counted = Arc::clone(&counted);
            tokio::spawn(async move {
                counted.fetch_add(1, Ordering::SeqCst);
                let mut server = TcpStream::connect(server).await.unwrap();
                let _ = copy_bidirectional(&mut client, &mut server).await;
                counted.fetch_sub(1, Ordering::SeqCst);
            });
        }
    });
    (address, open)
}

/// This server accepts every password, so only the client replaces its connection.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_with_rotated_password_drain_conf_5() {
    let Some(server) = NATS.get() else { return };
    let (address, open) = forward(server.address()).await;
    let count = || open.load(Ordering::SeqCst);
    let rotation = SecretRotation::default();
    let mut config = config(&format!("nats://app@{address}"));
    config.password = Some(Secret::with_rotation("first".to_owned(), &rotation));
    config.nats.prefix = "draining".to_owned();
    let transport = connect(config).await;
    let topic = Topic::new("draining").unwrap();
    let publish = async || {
        let message = Envelope::new(topic.clone(), "test", "test", "text");
        let published = transport.publish(vec![message]).await;
        assert!(published.iter().all(Result::is_ok), "{published:?}");
    };
    let session = transport.open(plan(&topic)).await.unwrap();
    publish().await;
    let held = next(&*session).await;
    assert_eq!(count(), 1);

    rotation.set(Secret::new("second".to_owned()));
    tokio::time::timeout(TIMEOUT, session.superseded())
        .await
        .unwrap();
    // The session keeps its connection until its handlers have ended.
    assert_eq!(count(), 2);
    publish().await;
    session.stop().await.unwrap();
    session.acknowledge(vec![held.tag]).await.unwrap();
    drop(session);
    eventually(async || count() == 1).await;
    let session = transport.open(plan(&topic)).await.unwrap();
    let other = next(&*session).await;
    assert_eq!(other.count, 1);
    session.acknowledge(vec![other.tag]).await.unwrap();
    assert_eq!(count(), 1);
    transport.close().await;
}
