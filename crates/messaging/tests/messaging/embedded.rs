//! The conformance suite on the embedded brokers.

use std::{num::NonZeroU32, sync::Arc};

use futures::future::BoxFuture;
use seaworthy_core::Timeout;
use seaworthy_messaging::{
    BrokerUrl, EmbeddedConfig, Envelope, GroupName, MemoryBroker, MessagingConfig, SqliteBroker,
    Topic,
    conformance::{FaultyBroker, Harness},
    transport::{GroupPlan, Order, SubscriptionPlan, TopicPlan, Transport},
};
use tempfile::TempDir;

use crate::sessions::next_tags;

/// A backlog that is full within most batches, and has room again a moment later.
const SMALL_BACKLOG: NonZeroU32 = NonZeroU32::new(8).unwrap();

struct InMemory(MemoryBroker);

impl Harness for InMemory {
    fn config(&self) -> MessagingConfig {
        MessagingConfig::new(BrokerUrl::memory())
    }

    fn open(&self) -> BoxFuture<'_, Arc<dyn Transport>> {
        let broker: Arc<dyn Transport> = Arc::new(self.0.share());
        Box::pin(std::future::ready(broker))
    }

    /// All members are in one process, so they have one version.
    fn has_rolling_deployments(&self) -> bool {
        false
    }

    fn faulty(&self) -> BoxFuture<'_, FaultyBroker> {
        let config = EmbeddedConfig {
            max_backlog: SMALL_BACKLOG,
            ..EmbeddedConfig::default()
        };
        let broker = MemoryBroker::new(&config);
        Box::pin(std::future::ready(FaultyBroker {
            faulty: Arc::new(broker.share()),
            sound: Arc::new(broker),
            inject: Box::new(|_| {}),
        }))
    }
}

/// A file, which each connection opens separately, as different processes do.
struct InFile(TempDir);

impl Harness for InFile {
    fn config(&self) -> MessagingConfig {
        let file = self.0.path().join("folder/broker.db");
        let mut config = MessagingConfig::new(BrokerUrl::sqlite(&file.display().to_string()));
        // The messages of a dead member are redelivered soon.
        config.embedded.claim_ttl = Timeout::from_secs(2);
        config
    }

    fn open(&self) -> BoxFuture<'_, Arc<dyn Transport>> {
        Box::pin(async {
            let broker: Arc<dyn Transport> =
                Arc::new(SqliteBroker::open(&self.config()).await.unwrap());
            broker
        })
    }

    fn faulty(&self) -> BoxFuture<'_, FaultyBroker> {
        let mut config = self.config();
        config.embedded.max_backlog = SMALL_BACKLOG;
        Box::pin(async move {
            FaultyBroker {
                faulty: Arc::new(SqliteBroker::open(&config).await.unwrap()),
                sound: Arc::new(SqliteBroker::open(&config).await.unwrap()),
                inject: Box::new(|_| {}),
            }
        })
    }
}

mod memory {
    use super::*;

    fn harness() -> Option<InMemory> {
        Some(InMemory(MemoryBroker::new(&EmbeddedConfig::default())))
    }

    seaworthy_messaging::conformance!(harness());
}

mod sqlite {
    use super::*;

    fn harness() -> Option<InFile> {
        Some(InFile(TempDir::new().unwrap()))
    }

    seaworthy_messaging::conformance!(harness());

    /// A broker whose leases end after 200 ms, and a plan for one topic.
    async fn short_leases(folder: &InFile) -> (SqliteBroker, SubscriptionPlan) {
        let mut config = folder.config();
        config.embedded.claim_ttl = Timeout::from_millis(200);
        let broker = SqliteBroker::open(&config).await.unwrap();
        let plan = SubscriptionPlan {
            group: GroupName::new("group").unwrap(),
            topics: vec![Topic::new("topic").unwrap()],
            prefetch: 10.try_into().unwrap(),
            is_required: false,
            order: Order::Member,
        };
        (broker, plan)
    }

    async fn publish(broker: &SqliteBroker, text: &'static str) {
        let topic = Topic::new("topic").unwrap();
        let batch = vec![Envelope::new(topic, "test", "test", text)];
        assert!(broker.publish(batch).await.iter().all(Result::is_ok));
    }

    /// A killed process extends its leases last when they have their whole duration left.
    #[tokio::test]
    async fn messages_of_killed_process_are_redelivered_within_5_s_msg_1() {
        let folder = harness().unwrap();
        let mut config = folder.config();
        config.embedded = EmbeddedConfig::default();
        let [killed, successor] = [&config, &config].map(SqliteBroker::open);
        let (killed, successor) = (killed.await.unwrap(), successor.await.unwrap());
        let (_, plan) = short_leases(&folder).await;
        let session = killed.open(plan.clone()).await.unwrap();
        publish(&killed, "one").await;
        let held = next_tags(&*session).await;
        session.extend(held.clone()).await.unwrap();
        let waiting = successor.open(plan).await.unwrap();
        let limit = std::time::Duration::from_secs(5);
        let taken = tokio::time::timeout(limit, next_tags(&*waiting)).await;
        assert_eq!(taken.unwrap(), held);
    }

    #[tokio::test]
    async fn session_that_lost_a_lease_is_lost_msg_1() {
        let folder = harness().unwrap();
        let (broker, plan) = short_leases(&folder).await;
        let first = broker.open(plan.clone()).await.unwrap();
        publish(&broker, "one").await;
        let held = next_tags(&*first).await;
        first.extend(held.clone()).await.unwrap();
        let second = broker.open(plan).await.unwrap();
        let taken = next_tags(&*second).await;
        assert_eq!(taken.len(), 1);
        first.extend(held).await.unwrap_err();
        second.extend(taken).await.unwrap();
    }

    #[tokio::test]
    async fn session_gets_a_message_once_after_its_own_lease_ended_msg_1() {
        let folder = harness().unwrap();
        let (broker, plan) = short_leases(&folder).await;
        let session = broker.open(plan).await.unwrap();
        publish(&broker, "one").await;
        let held = next_tags(&*session).await;
        // Longer than the lease: the process was suspended.
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        publish(&broker, "two").await;
        let next = session.next().await.unwrap();
        let payloads: Vec<_> = next.iter().map(|one| one.envelope.payload()).collect();
        assert_eq!(payloads, [&b"two"[..]]);
        session.extend(held).await.unwrap();
    }

    #[tokio::test]
    async fn subscription_ends_bindings_that_no_publisher_requires_msg_3() {
        let folder = harness().unwrap();
        let (old, new) = (Topic::new("old").unwrap(), Topic::new("new").unwrap());
        let group = GroupName::new("group").unwrap();
        let plan = |requires: bool| TopicPlan {
            topic: old.clone(),
            allows_unroutable: true,
            groups: Vec::from_iter(requires.then(|| GroupPlan {
                group: group.clone(),
                order: Order::Member,
            })),
        };
        let open = async || SqliteBroker::open(&folder.config()).await.unwrap();
        let (requiring, other) = (open().await, open().await);
        requiring.declare(vec![plan(true)]).await.unwrap();
        other.declare(vec![plan(false)]).await.unwrap();
        let publish = async |broker: &SqliteBroker| {
            let batch = vec![Envelope::new(old.clone(), "test", "test", "text")];
            assert!(broker.publish(batch).await.iter().all(Result::is_ok));
            broker.lag(&group).await.unwrap()
        };
        assert_eq!(publish(&other).await, 1);
        // A version of the service that does not use the old topic.
        let member = SubscriptionPlan {
            group: group.clone(),
            topics: vec![new],
            prefetch: 10.try_into().unwrap(),
            is_required: false,
            order: Order::Member,
        };
        let _session = other.open(member).await.unwrap();
        assert_eq!(publish(&other).await, 1);
        // This publisher still requires the group.
        assert_eq!(publish(&requiring).await, 2);
        assert_eq!(publish(&other).await, 3);
    }
}
