use std::{num::NonZeroU32, sync::Arc};

use futures::future::BoxFuture;
use tokio::sync::Notify;

use super::{
    Harness,
    failure::dead_letters,
    group,
    node::Node,
    record::{Record, message, numbers},
    replay::{everything, letters, quickly, rejecting},
    topic,
};
use crate::{
    DeadLetterId, DeadLetters, Envelope, GroupName, PublishError, Topic,
    dead_letters::{OutcomeCounts, Progress, Replay},
    transport::{Deliveries, SubscriptionPlan, TopicPlan, Transport, TransportError},
};

/// An engine that never responds to a removal, so that the test can drop the caller there.
struct NeverRemoves {
    engine: Arc<dyn Transport>,
    asked: Arc<Notify>,
}

impl Transport for NeverRemoves {
    fn system(&self) -> &'static str {
        self.engine.system()
    }

    fn declare(&self, topics: Vec<TopicPlan>) -> BoxFuture<'_, Result<(), TransportError>> {
        self.engine.declare(topics)
    }

    fn publish(&self, batch: Vec<Envelope>) -> BoxFuture<'_, Vec<Result<(), PublishError>>> {
        self.engine.publish(batch)
    }

    fn open(
        &self,
        plan: SubscriptionPlan,
    ) -> BoxFuture<'_, Result<Arc<dyn Deliveries>, TransportError>> {
        self.engine.open(plan)
    }

    fn lag<'a>(&'a self, group: &'a GroupName) -> BoxFuture<'a, Result<u64, TransportError>> {
        self.engine.lag(group)
    }

    fn is_subscribed<'a>(
        &'a self,
        group: &'a GroupName,
        topic: &'a Topic,
    ) -> BoxFuture<'a, Result<bool, TransportError>> {
        self.engine.is_subscribed(group, topic)
    }

    fn check(&self) -> BoxFuture<'_, Result<(), TransportError>> {
        self.engine.check()
    }

    fn browse<'a>(
        &'a self,
        topic: &'a Topic,
        after: Option<&'a DeadLetterId>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Envelope>, TransportError>> {
        self.engine.browse(topic, after, limit)
    }

    fn remove<'a>(
        &'a self,
        _topic: &'a Topic,
        _ids: &'a [DeadLetterId],
    ) -> BoxFuture<'a, Result<u64, TransportError>> {
        self.asked.notify_one();
        Box::pin(std::future::pending())
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.engine.close()
    }
}

/// A replay that is dropped between confirmation and removal loses nothing, reports the letters
/// with an unknown state, and can be repeated.
pub async fn interrupted_replay_loses_nothing_and_can_be_repeated_msg_3(harness: &dyn Harness) {
    let (node, topic, record) = (Node::start(harness).await, topic(), Record::new());
    node.subscribe(rejecting(&record, &group(), &topic, 1))
        .await;
    let publisher = node.publisher(&[&topic]).await;
    for text in numbers(30) {
        publisher.publish(message(&topic, &text)).await.unwrap();
    }
    dead_letters(&node, &topic, 30).await;
    let asked = Arc::new(Notify::new());
    let cut_off = DeadLetters::new(Arc::new(NeverRemoves {
        engine: Arc::clone(&node.transport),
        asked: Arc::clone(&asked),
    }));
    let progress = Progress::new();
    let ten = Replay {
        // A batch is one second's worth.
        rate: NonZeroU32::new(10).unwrap(),
        ..Replay::default()
    };
    let selection = everything(&topic);
    tokio::select! {
        report = cut_off.replay(&selection, &ten, &progress) => panic!("it ended: {report:?}"),
        () = asked.notified() => {}
    }
    let report = progress.report();
    assert!(!report.finished && !report.is_complete());
    assert_eq!(
        report.counts(),
        OutcomeCounts {
            selected: 30,
            uncertain: 10,
            waiting: 20,
            ..OutcomeCounts::default()
        }
    );
    assert_eq!(dead_letters(&node, &topic, 30).await.len(), 30);
    let report = letters(&node)
        .replay(&selection, &quickly(), &Progress::new())
        .await;
    assert_eq!(report.counts().replayed, 30, "{report:?}");
    record.wait_for(30).await;
    assert!(dead_letters(&node, &topic, 0).await.is_empty());
    node.stop().await;
}

/// Both replays end, and no letter is lost.
pub async fn concurrent_replays_lose_nothing_msg_3(harness: &dyn Harness) {
    let (node, topic, record) = (Node::start(harness).await, topic(), Record::new());
    node.subscribe(rejecting(&record, &group(), &topic, 1))
        .await;
    let publisher = node.publisher(&[&topic]).await;
    for text in numbers(60) {
        publisher.publish(message(&topic, &text)).await.unwrap();
    }
    dead_letters(&node, &topic, 60).await;
    let (one, two) = (
        DeadLetters::new(harness.open().await),
        DeadLetters::new(harness.open().await),
    );
    let (selection, replay) = (everything(&topic), quickly());
    let (first, second) = (Progress::new(), Progress::new());
    let (left, right) = futures::join!(
        one.replay(&selection, &replay, &first),
        two.replay(&selection, &replay, &second)
    );
    for report in [&left, &right] {
        let counts = report.counts();
        assert!(report.is_complete(), "{report:?}");
        assert_eq!(counts.replayed + counts.missing, counts.selected);
    }
    assert!(left.counts().replayed + right.counts().replayed >= 60);
    record.wait_for(60).await;
    assert!(dead_letters(&node, &topic, 0).await.is_empty());
    node.stop().await;
}
