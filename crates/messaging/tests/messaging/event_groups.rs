//! Events that declare the groups of their consumers.

use std::time::Duration;

use seaworthy_config::Loader;
use seaworthy_messaging::{
    BrokerUrl, ConsumerGroup, Event, Message, Messaging, MessagingConfig, Received, Subscription,
    Topics,
};
use seaworthy_service::{NoSettings, RunningService, Service, StopOutcome};
use serde::{Deserialize, Serialize};
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};

const AUDIT: ConsumerGroup = ConsumerGroup::new("audit");
const BILLING: ConsumerGroup = ConsumerGroup::new("billing").ordered();

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct OrderPlaced {
    number: u64,
}

impl Event for OrderPlaced {
    const TYPE: &'static str = "order.placed";
    const VERSION: u32 = 1;
    const GROUPS: &'static [ConsumerGroup] = &[AUDIT, BILLING];
}

struct Misnamed;

impl Event for Misnamed {
    const TYPE: &'static str = "misnamed";
    const VERSION: u32 = 1;
    const GROUPS: &'static [ConsumerGroup] = &[ConsumerGroup::new("no group")];
}

async fn start() -> (RunningService, Messaging) {
    let (started, messaging) = oneshot::channel();
    let service = Service::new("event-groups", "1.0.0")
        .start::<NoSettings, _>(Loader::for_tests("event-groups"), async move |service| {
            let config = MessagingConfig::new(BrokerUrl::memory());
            started
                .send(Messaging::connect(service, "broker", &config).await?)
                .ok();
            Ok(())
        })
        .await
        .unwrap();
    (service, messaging.await.unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn event_reaches_its_groups_from_before_their_start_msg_3() {
    let (service, messaging) = start().await;
    // Without a group, publishing to this topic would be an error.
    let publisher = messaging.publisher(Topics::from_event::<OrderPlaced>());
    let message = Message::from_event(&OrderPlaced { number: 7 });
    publisher.await.unwrap().publish(message).await.unwrap();
    for group in [AUDIT, BILLING] {
        let (handled, mut arrived) = mpsc::unbounded_channel();
        let handler = move |received: Received<OrderPlaced>| {
            handled.send(received.event().number).unwrap();
            async { Ok(()) }
        };
        let subscription = Subscription::for_group(group).on(handler);
        messaging.subscribe(subscription).await.unwrap();
        let arrived = timeout(Duration::from_secs(60), arrived.recv()).await;
        assert_eq!(arrived, Ok(Some(7)), "{}", group.name());
    }
    assert_eq!(service.stop().await, StopOutcome::Clean);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn group_that_differs_from_its_events_fails_the_start_msg_2() {
    let (service, messaging) = start().await;
    let handler = async |_: Received<OrderPlaced>| Ok(());
    let unordered = Subscription::new("billing").on(handler);
    let error = messaging.subscribe(unordered).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the subscription \"billing\" has another order than in Event::GROUPS of its events: use Subscription::for_group"
    );
    let ordered = Subscription::new("billing").on(handler).ordered();
    messaging.subscribe(ordered).await.unwrap();
    let error = messaging.publisher(Topics::from_event::<Misnamed>()).await;
    let error = error.unwrap_err().to_string();
    assert!(
        error.starts_with("\"no group\" is not a valid consumer group name"),
        "{error}"
    );
    assert_eq!(service.stop().await, StopOutcome::Clean);
}
