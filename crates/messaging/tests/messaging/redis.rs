//! The conformance suite on a real Redis, which the tests also kill.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use futures::future::BoxFuture;
use seaworthy_core::{Secret, SecretRotation, Timeout};
use seaworthy_messaging::{
    Envelope, GroupName, MessagingConfig, PublishError, Topic,
    conformance::{FaultyBroker, Harness},
    redis::RedisBroker,
    transport::{Order, SubscriptionPlan, TopicPlan, Transport},
};
use seaworthy_redis::{Redis, RedisConfig, redis::cmd};
use seaworthy_testkit::{
    requirement,
    server::{Shared, redis::RedisServer},
};

use crate::{
    faulty::{restart, through_proxy},
    sessions::next_tags,
};

/// Every confirmed message is on disk.
const DURABLE: [&str; 6] = [
    "--save",
    "",
    "--appendonly",
    "yes",
    "--appendfsync",
    "always",
];

/// Redis restarts faster than a publisher fails. An outage that a test must see lasts longer than
/// the publish timeout of each test.
const OUTAGE: Duration = Duration::from_secs(1);

const TIMEOUT: Duration = Duration::from_secs(60);

static REDIS: Shared<RedisServer> = Shared::new("SEAWORTHY_TEST_REDIS_SERVER", |program| {
    RedisServer::start_with(program, &["--save", "", "--appendonly", "yes"])
});

fn config(url: &str) -> MessagingConfig {
    let mut config = MessagingConfig::new(url.parse().unwrap());
    // The messages of a dead member are redelivered soon.
    config.redis.claim_ttl = Timeout::from_secs(2);
    config
}

async fn connect(config: MessagingConfig) -> Arc<dyn Transport> {
    Arc::new(RedisBroker::open(&config).await.unwrap())
}

/// Two connections, the first one through a proxy.
async fn faulty(server: SocketAddr) -> FaultyBroker {
    through_proxy(server, |address| {
        connect(config(&format!("redis://{address}")))
    })
    .await
}

struct SharedServer(&'static RedisServer);

impl Harness for SharedServer {
    fn receives_new_topics(&self) -> bool {
        false
    }

    fn has_positions(&self) -> bool {
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
}

/// A server of its own, which the test may kill.
struct OwnServer(Arc<Mutex<RedisServer>>);

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
            server.kill();
            std::thread::sleep(OUTAGE);
            server.restart()
        }))
    }
}

fn shared() -> Option<SharedServer> {
    REDIS.get().map(SharedServer)
}

fn own() -> Option<OwnServer> {
    let program = requirement::required("SEAWORTHY_TEST_REDIS_SERVER")?;
    let server = RedisServer::start_with(program, &DURABLE).unwrap();
    Some(OwnServer(Arc::new(Mutex::new(server))))
}

crate::faulty::measurement!();

seaworthy_messaging::conformance!(shared(), own());

fn numbered(topic: &Topic, numbers: std::ops::Range<u32>) -> Vec<Envelope> {
    numbers
        .map(|number| Envelope::new(topic.clone(), "test", "test", number.to_string()))
        .collect()
}

#[tokio::test]
async fn topic_without_group_stores_nothing_msg_2() {
    let Some(shared) = shared() else { return };
    let transport = shared.open().await;
    let topic = Topic::new(&format!("redis.{}", seaworthy_core::new_id().simple())).unwrap();
    let redis = Redis::new(&RedisConfig {
        url: shared.0.url().parse().unwrap(),
        ..RedisConfig::default()
    });
    let (redis, stream) = (redis.unwrap(), format!("messages:{topic}"));
    let length = async || {
        redis
            .request::<u64>(cmd("XLEN").arg(&stream))
            .await
            .unwrap()
    };
    let plans = vec![TopicPlan {
        topic: topic.clone(),
        allows_unroutable: true,
        groups: Vec::new(),
    }];
    transport.declare(plans).await.unwrap();
    let answers = transport.publish(numbered(&topic, 0..1_000)).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    assert_eq!(length().await, 0);
    // The next message removes those of an earlier version.
    let left = cmd("XADD").arg(&stream).arg("*").arg("a").arg("b").clone();
    redis.request::<String>(&left).await.unwrap();
    let answers = transport.publish(numbered(&topic, 0..1)).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    assert_eq!(length().await, 0);

    // With a group, the topic keeps unacknowledged messages.
    let plan = SubscriptionPlan {
        group: GroupName::new(&format!("group.{topic}")).unwrap(),
        topics: vec![topic.clone()],
        prefetch: 10.try_into().unwrap(),
        is_required: false,
        order: Order::Member,
    };
    let session = transport.open(plan.clone()).await.unwrap();
    let answers = transport.publish(numbered(&topic, 0..1_000)).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    assert_eq!(session.next().await.unwrap().len(), 10);
    assert_eq!(length().await, 1_000);
    assert_eq!(transport.lag(&plan.group).await.unwrap(), 1_000);
}

#[tokio::test]
async fn message_for_missing_group_is_unroutable_msg_3() {
    let Some(shared) = shared() else { return };
    let transport = shared.open().await;
    let topic = Topic::new(&format!("redis.{}", seaworthy_core::new_id().simple())).unwrap();
    let plan = SubscriptionPlan {
        group: GroupName::new(&format!("group.{topic}")).unwrap(),
        topics: vec![topic.clone()],
        prefetch: 10.try_into().unwrap(),
        is_required: false,
        order: Order::Member,
    };
    let _session = transport.open(plan).await.unwrap();
    let missing = GroupName::new(&format!("missing.{topic}")).unwrap();
    let batch = numbered(&topic, 0..1).into_iter();
    let batch = batch.map(|envelope| envelope.with_recipient(Some(missing.clone())));
    let answers = transport.publish(batch.collect()).await;
    assert!(
        matches!(&answers[..], [Err(PublishError::Unroutable { .. })]),
        "{answers:?}"
    );
}

/// Publishes a message that one session takes, waits until its lease has ended, and lets another
/// session take it. The first session is lost then.
#[tokio::test]
async fn session_that_lost_a_lease_is_lost_msg_1() {
    let Some(shared) = shared() else { return };
    let transport = connect({
        let mut config = shared.config();
        config.redis.claim_ttl = Timeout::from_millis(200);
        config
    })
    .await;
    let topic = Topic::new(&format!("redis.{}", seaworthy_core::new_id().simple())).unwrap();
    let plan = SubscriptionPlan {
        group: GroupName::new(&format!("group.{topic}")).unwrap(),
        topics: vec![topic.clone()],
        prefetch: 10.try_into().unwrap(),
        is_required: false,
        order: Order::Member,
    };
    let first = transport.open(plan.clone()).await.unwrap();
    transport.publish(numbered(&topic, 0..1)).await;
    let held = next_tags(&*first).await;
    first.extend(held.clone()).await.unwrap();
    let second = transport.open(plan).await.unwrap();
    let taken = next_tags(&*second).await;
    assert_eq!(taken.len(), 1);
    first.extend(held).await.unwrap_err();
    second.extend(taken).await.unwrap();
}

/// The server takes a new password. Connections that open after the rotation publish and deliver
/// without a restart of the service.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rotated_password_opens_new_connections_conf_5() {
    let Some(program) = requirement::required("SEAWORTHY_TEST_REDIS_SERVER") else {
        return;
    };
    let server = RedisServer::start(program).unwrap();
    // This connection stays authenticated when the password changes.
    let admin = Redis::new(&RedisConfig {
        url: server.url().parse().unwrap(),
        ..RedisConfig::default()
    })
    .unwrap();
    let set_password = async |password: &str| {
        let mut command = cmd("CONFIG");
        let command = command.arg("SET").arg("requirepass").arg(password);
        admin.request::<()>(command).await.unwrap();
    };
    set_password("first").await;
    let rotation = SecretRotation::default();
    let mut config = config(&server.url());
    config.password = Some(Secret::with_rotation("first".to_owned(), &rotation));
    let transport = connect(config).await;
    let topic = Topic::new("rotated").unwrap();
    let plan = SubscriptionPlan {
        group: GroupName::new("rotated").unwrap(),
        topics: vec![topic.clone()],
        prefetch: 10.try_into().unwrap(),
        is_required: false,
        order: Order::Member,
    };
    let session = transport.open(plan.clone()).await.unwrap();
    let is_published = async || {
        let published = transport.publish(numbered(&topic, 0..1)).await;
        published.iter().all(Result::is_ok)
    };
    assert!(is_published().await);
    assert_eq!(next_tags(&*session).await.len(), 1);

    set_password("second").await;
    let mut kill = cmd("CLIENT");
    kill.arg("KILL").arg("TYPE").arg("normal");
    admin.request::<u32>(&kill).await.unwrap();
    // The kill and the next command race.
    let begun = Instant::now();
    while is_published().await {
        assert!(begun.elapsed() < TIMEOUT);
    }
    rotation.set(Secret::new("second".to_owned()));
    let begun = Instant::now();
    while !is_published().await {
        assert!(begun.elapsed() < TIMEOUT);
    }
    drop(session);
    let begun = Instant::now();
    let session = loop {
        match transport.open(plan.clone()).await {
            Ok(session) => break session,
            Err(error) => assert!(begun.elapsed() < TIMEOUT, "{error}"),
        }
    };
    assert!(!next_tags(&*session).await.is_empty());
    transport.close().await;
}
