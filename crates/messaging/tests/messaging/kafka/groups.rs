//! Rebalances move partitions between members without repeating or reordering messages.

use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZeroU16,
    sync::Arc,
    time::Duration,
};

use futures::future::BoxFuture;
use parking_lot::Mutex;
use seaworthy_core::Timeout;
use seaworthy_messaging::{
    DeadLetterId, Envelope, GroupName, MessagingConfig, Topic,
    conformance::{self, FaultyBroker, Harness},
    transport::{Deliveries, Delivery, Order, SubscriptionPlan, Transport},
};
use seaworthy_testkit::kafka::KafkaServer;
use tokio::time;

use super::{KAFKA, config, connect, faulty, shared};

/// Longer than any awaited event takes on a slow machine.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(60);

pub(crate) async fn open(url: &str) -> Arc<dyn Transport> {
    connect(config(url)).await
}

pub(crate) fn unique() -> Topic {
    Topic::new(&format!("kafka.{}", seaworthy_core::new_id().simple())).unwrap()
}

pub(crate) fn plan(group: &str, topic: &Topic, prefetch: u16) -> SubscriptionPlan {
    SubscriptionPlan {
        group: GroupName::new(&format!("{group}.{topic}")).unwrap(),
        topics: vec![topic.clone()],
        prefetch: NonZeroU16::new(prefetch).unwrap(),
        is_required: false,
        order: Order::Member,
    }
}

pub(crate) fn sent(topic: &Topic, key: &str, text: &str) -> Envelope {
    Envelope::new(topic.clone(), "test", "test", text.to_owned()).with_key(key)
}

fn text(delivery: &Delivery) -> String {
    String::from_utf8_lossy(delivery.envelope.payload()).into_owned()
}

pub(crate) async fn next(deliveries: &dyn Deliveries) -> Vec<Delivery> {
    let next = time::timeout(TIMEOUT, deliveries.next()).await;
    next.unwrap().unwrap()
}

/// Takes and acknowledges messages until all have arrived, with a new session after each error.
/// Returns the number of deliveries.
pub(crate) async fn settle_until(
    transport: &dyn Transport,
    plan: &SubscriptionPlan,
    all: &[String],
    pause: Duration,
) -> usize {
    let mut missing: BTreeSet<_> = all.iter().cloned().collect();
    let mut count = 0;
    let taking = async {
        while !missing.is_empty() {
            let Ok(session) = transport.open(plan.clone()).await else {
                time::sleep(Duration::from_millis(200)).await;
                continue;
            };
            while !missing.is_empty() {
                let Ok(arrived) = session.next().await else {
                    break;
                };
                for delivery in arrived {
                    time::sleep(pause).await;
                    count += 1;
                    missing.remove(&text(&delivery));
                    let _ = session.acknowledge(vec![delivery.tag]).await;
                }
            }
        }
    };
    let done = time::timeout(TIMEOUT, taking).await;
    assert!(done.is_ok(), "missing messages: {missing:?}");
    count
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn joining_member_gets_share_without_repeats_msg_1() {
    const KEYS: usize = 12;
    let Some(server) = shared() else { return };
    let (topic, url) = (unique(), server.0.url());
    let (one, other) = (open(&url).await, open(&url).await);
    let plan = plan("share", &topic, 10);
    let first = one.open(plan.clone()).await.unwrap();
    let arrived: Arc<Mutex<Vec<(usize, String, String)>>> = Arc::default();
    let handle = |who: usize, session: Arc<dyn Deliveries>| {
        let arrived = Arc::clone(&arrived);
        tokio::spawn(async move {
            loop {
                for delivery in next(&*session).await {
                    let key = delivery.envelope.key().unwrap().to_owned();
                    arrived.lock().push((who, key, text(&delivery)));
                    // The member holds messages for a while, also during a rebalance.
                    time::sleep(Duration::from_millis(10)).await;
                    session.acknowledge(vec![delivery.tag]).await.unwrap();
                }
            }
        })
    };
    let first = handle(1, first);
    let (mut published, mut second) = (0, None);
    let share = async {
        // Until the second member has handled messages for a while.
        while arrived.lock().iter().filter(|(who, ..)| *who == 2).count() < 30 {
            for key in 0..KEYS {
                let envelope = sent(&topic, &key.to_string(), &format!("{published:06}"));
                let answers = one.publish(vec![envelope]).await;
                assert!(answers.iter().all(Result::is_ok), "{answers:?}");
                published += 1;
            }
            if published == KEYS * 5 {
                let session = other.open(plan.clone()).await.unwrap();
                second = Some(handle(2, session));
            }
            time::sleep(Duration::from_millis(100)).await;
        }
        while arrived.lock().len() < published {
            time::sleep(Duration::from_millis(20)).await;
        }
    };
    time::timeout(TIMEOUT, share).await.unwrap();
    time::sleep(Duration::from_millis(500)).await;
    first.abort();
    second.unwrap().abort();
    let arrived = arrived.lock().clone();
    assert_eq!(arrived.len(), published, "something arrived twice");
    let mut by_key: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (_, key, text) in &arrived {
        by_key.entry(key).or_default().push(text);
    }
    for (key, texts) in by_key {
        assert!(texts.is_sorted(), "{key}: {texts:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn crash_redelivers_only_unacknowledged_messages_msg_3() {
    let Some(server) = shared() else { return };
    let (topic, transport) = (unique(), open(&server.0.url()).await);
    let plan = plan("behind", &topic, 20);
    let session = transport.open(plan.clone()).await.unwrap();
    let envelopes = (0..20).map(|number| sent(&topic, "one", &number.to_string()));
    let answers = transport.publish(envelopes.collect()).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    let mut arrived = Vec::new();
    while arrived.len() < 20 {
        arrived.extend(next(&*session).await);
    }
    let done = arrived.iter().filter(|delivery| text(delivery) != "3");
    session
        .acknowledge(done.map(|delivery| delivery.tag).collect())
        .await
        .unwrap();
    let committed = async {
        while transport.lag(&plan.group).await.unwrap() != 1 {
            time::sleep(Duration::from_millis(20)).await;
        }
    };
    time::timeout(TIMEOUT, committed).await.unwrap();
    drop(session);
    let answers = transport.publish(vec![sent(&topic, "one", "last")]).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    let session = transport.open(plan).await.unwrap();
    let mut again = Vec::new();
    while again.len() < 2 {
        again.extend(next(&*session).await);
    }
    let again: Vec<_> = again.iter().map(|one| (text(one), one.count)).collect();
    assert_eq!(again, [("3".to_owned(), 2), ("last".to_owned(), 1)]);
}

#[tokio::test]
async fn message_returned_by_live_member_counts_no_delivery_msg_3() {
    let Some(server) = shared() else { return };
    let (topic, transport) = (unique(), open(&server.0.url()).await);
    let session = transport.open(plan("back", &topic, 2)).await.unwrap();
    transport.publish(vec![sent(&topic, "one", "again")]).await;
    for _ in 0..3 {
        let arrived = next(&*session).await.remove(0);
        assert_eq!((text(&arrived), arrived.count), ("again".to_owned(), 1));
        session.release(vec![arrived.tag]).await.unwrap();
    }
}

#[tokio::test]
async fn empty_dead_letter_is_not_a_tombstone_msg_3() {
    let Some(server) = shared() else { return };
    let (topic, transport) = (unique(), open(&server.0.url()).await);
    let dead = topic.dead_letters();
    let letters = ["", "x", ""].map(|text| sent(&dead, "k", text));
    let ids: Vec<_> = letters.iter().map(DeadLetterId::of).collect();
    let answers = transport.publish(letters.to_vec()).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    let found = transport.browse(&dead, None, 10).await.unwrap();
    let found: Vec<_> = found.iter().map(DeadLetterId::of).collect();
    assert_eq!(found, ids);
    let (one, rest) = ids.split_at(1);
    assert_eq!(transport.remove(&dead, one).await.unwrap(), 1);
    assert_eq!(
        transport.remove(&dead, &ids).await.unwrap(),
        rest.len() as u64
    );
    assert!(transport.browse(&dead, None, 10).await.unwrap().is_empty());
}

/// Its members may be silent for longer than any test waits.
struct Patient(&'static KafkaServer);

impl Harness for Patient {
    fn config(&self) -> MessagingConfig {
        let mut config = config(&self.0.url());
        config.kafka.session_timeout = Timeout::from_secs(300);
        config
    }

    fn open(&self) -> BoxFuture<'_, Arc<dyn Transport>> {
        Box::pin(connect(self.config()))
    }

    fn faulty(&self) -> BoxFuture<'_, FaultyBroker> {
        Box::pin(faulty(self.config(), self.0.proxied()))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn group_does_not_wait_for_member_stopped_while_joining_life_4() {
    let Some(server) = KAFKA.get() else { return };
    let patient = Patient(server);
    conformance::in_time(conformance::concurrent_stops_lose_nothing_life_4(&patient)).await;
}
