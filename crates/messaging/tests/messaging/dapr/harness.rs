//! A sidecar with a component for each consumer group, and what Dapr cannot show, read from Redis.

use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures::future::BoxFuture;
use seaworthy_messaging::{
    DeadLetterId, Envelope, GroupName, MessagingConfig, PublishError, Topic,
    conformance::{FaultyBroker, Harness},
    dapr::DaprBroker,
    transport::{Deliveries, SubscriptionPlan, TopicPlan, Transport, TransportError},
};
use seaworthy_redis::{Redis, RedisConfig, redis::cmd};
use seaworthy_testkit::{
    requirement::required,
    server::{Shared, dapr::DaprServer, redis::RedisServer},
};

use crate::faulty::through_proxy;

const VARIABLE: &str = "SEAWORTHY_TEST_DAPR";
/// More than the suite has groups.
const GROUPS: usize = 160;
/// The Dapr application, which is also the group of the component of the URL.
pub(crate) const APP: &str = "orders";
/// The state store component for dead letters.
const LETTERS: &str = "letters";
/// Longer than the publish timeout of a test that must see the outage.
const OUTAGE: Duration = Duration::from_secs(1);

/// A sidecar and its Redis.
pub(crate) struct Servers {
    redis: RedisServer,
    pub(crate) dapr: DaprServer,
    groups: Arc<Groups>,
    restarts: u32,
}

/// The component of each group of the suite.
#[derive(Default)]
struct Groups(Mutex<BTreeMap<GroupName, Group>>);

#[derive(Clone)]
struct Group {
    component: GroupName,
    topics: Vec<Topic>,
}

impl Groups {
    /// Returns the plan with a group that has a component.
    fn take(&self, plan: SubscriptionPlan) -> SubscriptionPlan {
        let mut groups = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let next = groups.len();
        assert!(next < GROUPS, "the suite has more groups than components");
        let group = groups.entry(plan.group.clone()).or_insert_with(|| Group {
            component: GroupName::new(&format!("group{next}")).unwrap(),
            topics: plan.topics.clone(),
        });
        SubscriptionPlan {
            group: group.component.clone(),
            ..plan
        }
    }

    fn get(&self, group: &GroupName) -> Option<Group> {
        let groups = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        groups.get(group).cloned()
    }
}

/// Returns a component of Redis. Its messages return soon after a crash.
fn component(name: &str, group: Option<&str>, redis: SocketAddr) -> String {
    let mut settings = format!(
        "  - {{name: redisHost, value: \"{redis}\"}}\n  - {{name: processingTimeout, value: \"5s\"}}\n  - {{name: redeliverInterval, value: \"500ms\"}}\n  - {{name: concurrency, value: \"64\"}}\n"
    );
    if let Some(group) = group {
        settings.push_str(&format!("  - {{name: consumerID, value: {group}}}\n"));
    }
    format!(
        "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {{name: {name}}}\nspec:\n  type: pubsub.redis\n  version: v1\n  metadata:\n{settings}---\n"
    )
}

/// Returns the component for dead letters.
fn letter_component(redis: SocketAddr) -> String {
    format!(
        "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {{name: {LETTERS}}}\nspec:\n  type: state.redis\n  version: v1\n  metadata:\n  - {{name: redisHost, value: \"{redis}\"}}\n---\n"
    )
}

impl Servers {
    pub(crate) fn start(program: &str, redis: &[&str], token: Option<&str>) -> io::Result<Self> {
        let redis_program = required("SEAWORTHY_TEST_REDIS_SERVER")
            .ok_or_else(|| io::Error::other("the component needs Redis"))?;
        let redis = RedisServer::start_with(redis_program, redis)?;
        let mut resources = component("pubsub", None, redis.address());
        resources.push_str(&letter_component(redis.address()));
        for number in 0..GROUPS {
            let name = format!("group{number}");
            resources.push_str(&component(&name, Some(&name), redis.address()));
        }
        Ok(Self {
            dapr: DaprServer::start_with(program, APP, &resources, token)?,
            redis,
            groups: Arc::default(),
            restarts: 0,
        })
    }

    pub(crate) fn config(&self) -> MessagingConfig {
        config(self.dapr.address())
    }

    pub(crate) fn redis(&self) -> Redis {
        Redis::new(&RedisConfig {
            url: self.redis.url().parse().unwrap(),
            ..RedisConfig::default()
        })
        .unwrap()
    }

    async fn open(&self, address: SocketAddr) -> Arc<dyn Transport> {
        Arc::new(Observed {
            dapr: DaprBroker::open(&config(address)).await.unwrap(),
            redis: self.redis(),
            groups: Arc::clone(&self.groups),
        })
    }

    /// Kills Redis and the sidecar in turn.
    fn restart(&mut self) -> io::Result<()> {
        self.restarts += 1;
        if self.restarts % 2 == 1 {
            self.redis.kill();
            std::thread::sleep(OUTAGE);
            return self.redis.restart();
        }
        self.dapr.kill();
        std::thread::sleep(OUTAGE);
        self.dapr.restart()
    }
}

fn config(address: SocketAddr) -> MessagingConfig {
    let mut config = MessagingConfig::new(format!("dapr://{address}").parse().unwrap());
    let names = (0..GROUPS).map(|number| format!("group{number}"));
    config.dapr.dead_letters = Some(LETTERS.to_owned());
    config.dapr.groups = names.map(|name| (name.clone(), name)).collect();
    config
}

/// The reply of `XPENDING`: the number of messages, the first and the last ID, and the consumers.
type Pending = (
    u64,
    Option<String>,
    Option<String>,
    Option<Vec<Vec<String>>>,
);

/// Returns the number of deliveries without an acknowledgement.
pub(crate) async fn pending(redis: &Redis, topic: &Topic, group: &str) -> u64 {
    let command = cmd("XPENDING").arg(topic.as_str()).arg(group).clone();
    let (count, ..): Pending = redis.request(&command).await.unwrap();
    count
}

/// The engine with the groups of the suite, and with the lag of Redis, which Dapr cannot show.
struct Observed {
    dapr: DaprBroker,
    redis: Redis,
    groups: Arc<Groups>,
}

impl Transport for Observed {
    fn system(&self) -> &'static str {
        self.dapr.system()
    }

    fn declare(&self, topics: Vec<TopicPlan>) -> BoxFuture<'_, Result<(), TransportError>> {
        self.dapr.declare(topics)
    }

    fn publish(&self, batch: Vec<Envelope>) -> BoxFuture<'_, Vec<Result<(), PublishError>>> {
        self.dapr.publish(batch)
    }

    fn open(
        &self,
        plan: SubscriptionPlan,
    ) -> BoxFuture<'_, Result<Arc<dyn Deliveries>, TransportError>> {
        self.dapr.open(self.groups.take(plan))
    }

    fn measures_lag(&self) -> bool {
        self.dapr.measures_lag()
    }

    /// The deliveries without an acknowledgement.
    fn lag<'a>(&'a self, group: &'a GroupName) -> BoxFuture<'a, Result<u64, TransportError>> {
        Box::pin(async move {
            let Group { component, topics } = self.groups.get(group).unwrap();
            let mut lag = 0;
            for topic in topics {
                lag += pending(&self.redis, &topic, component.as_str()).await;
            }
            Ok(lag)
        })
    }

    fn is_subscribed<'a>(
        &'a self,
        group: &'a GroupName,
        topic: &'a Topic,
    ) -> BoxFuture<'a, Result<bool, TransportError>> {
        Box::pin(async move {
            let known = self.groups.get(group);
            let component = known.map_or_else(|| group.clone(), |known| known.component);
            self.dapr.is_subscribed(&component, topic).await
        })
    }

    fn check(&self) -> BoxFuture<'_, Result<(), TransportError>> {
        self.dapr.check()
    }

    fn browse<'a>(
        &'a self,
        topic: &'a Topic,
        after: Option<&'a DeadLetterId>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Envelope>, TransportError>> {
        self.dapr.browse(topic, after, limit)
    }

    fn remove<'a>(
        &'a self,
        topic: &'a Topic,
        ids: &'a [DeadLetterId],
    ) -> BoxFuture<'a, Result<u64, TransportError>> {
        self.dapr.remove(topic, ids)
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.dapr.close()
    }
}

static SERVERS: Shared<Servers> = Shared::new(VARIABLE, |program| {
    Servers::start(&program.to_string_lossy(), &["--save", ""], None)
});

/// Returns the program of the sidecar. Only machines with Go can build it, so the tests are skipped
/// without it, also in CI.
#[expect(clippy::print_stderr, reason = "a skipped test must be seen")]
pub(crate) fn program() -> Option<String> {
    let program = std::env::var(VARIABLE).ok();
    if program.is_none() {
        eprintln!("SKIPPED: {VARIABLE} is not set; ./test provides it where Go is installed");
    }
    program
}

/// Servers that tests share.
pub(crate) fn servers() -> Option<&'static Servers> {
    program()?;
    SERVERS.get()
}

pub(crate) struct SharedServers(&'static Servers);

impl Harness for SharedServers {
    fn receives_new_topics(&self) -> bool {
        false
    }

    fn config(&self) -> MessagingConfig {
        self.0.config()
    }

    fn creates_groups(&self) -> bool {
        false
    }

    fn open(&self) -> BoxFuture<'_, Arc<dyn Transport>> {
        Box::pin(self.0.open(self.0.dapr.address()))
    }

    fn faulty(&self) -> BoxFuture<'_, FaultyBroker> {
        Box::pin(through_proxy(self.0.dapr.address(), |address| {
            self.0.open(address)
        }))
    }

    fn reports_unroutable(&self) -> bool {
        false
    }
}

/// Servers of its own, which the test may kill.
pub(crate) struct OwnServers {
    address: SocketAddr,
    redis: Redis,
    groups: Arc<Groups>,
    servers: Arc<Mutex<Servers>>,
}

impl OwnServers {
    async fn open_at(&self, address: SocketAddr) -> Arc<dyn Transport> {
        Arc::new(Observed {
            dapr: DaprBroker::open(&config(address)).await.unwrap(),
            redis: self.redis.clone(),
            groups: Arc::clone(&self.groups),
        })
    }
}

impl Harness for OwnServers {
    fn config(&self) -> MessagingConfig {
        config(self.address)
    }

    fn creates_groups(&self) -> bool {
        false
    }

    fn open(&self) -> BoxFuture<'_, Arc<dyn Transport>> {
        Box::pin(self.open_at(self.address))
    }

    fn faulty(&self) -> BoxFuture<'_, FaultyBroker> {
        Box::pin(through_proxy(self.address, |address| self.open_at(address)))
    }

    fn restart(&self) -> Option<BoxFuture<'_, ()>> {
        Some(crate::faulty::restart(&self.servers, Servers::restart))
    }

    fn reports_unroutable(&self) -> bool {
        false
    }
}

pub(crate) fn shared() -> Option<SharedServers> {
    servers().map(SharedServers)
}

pub(crate) fn own() -> Option<OwnServers> {
    let program = program()?;
    // Every confirmed message is on disk.
    let durable = [
        "--save",
        "",
        "--appendonly",
        "yes",
        "--appendfsync",
        "always",
    ];
    let servers = Servers::start(&program, &durable, None).unwrap();
    Some(OwnServers {
        address: servers.dapr.address(),
        redis: servers.redis(),
        groups: Arc::clone(&servers.groups),
        servers: Arc::new(Mutex::new(servers)),
    })
}
