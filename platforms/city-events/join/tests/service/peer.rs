//! The other services of the platform: publishes messages about events and users, and subscribes to
//! all messages of the join service.

use std::sync::{Arc, Mutex};

use city_events_contract::messages::{
    EmailEventCanceled, EventCanceled, EventPublished, EventUnpublished, EventUpdated, JoinBanned,
    JoinCanceled, JoinCounted, JoinCreated, JoinKicked, JoinPromoted, JoinUnbanned, UserChanged,
};
use seaworthy::{
    config::Loader,
    messaging::{
        Event, Message, Messaging, MessagingConfig, Publisher, Received, Subscription, Topics,
    },
    prelude::*,
    service::RunningService,
};
use serde_json::Value;

/// The topic and the body of each received message.
type ReceivedMessages = Arc<Mutex<Vec<(&'static str, Value)>>>;

#[derive(Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct PeerConfig {
    broker: MessagingConfig,
}

pub(crate) struct Peer {
    publisher: Publisher,
    received: ReceivedMessages,
    _service: RunningService,
}

impl Peer {
    /// Starts with this setting of the broker.
    pub(crate) async fn start(broker: String) -> Self {
        let received = ReceivedMessages::default();
        let mut publisher = None;
        let assemble = async |service: &Assembly<PeerConfig>| {
            let messaging =
                Messaging::connect(service, "broker", &service.settings().broker).await?;
            let topics = Topics::from_event::<EventPublished>()
                .with::<EventUpdated>()
                .with::<EventCanceled>()
                .with::<EventUnpublished>()
                .with::<UserChanged>();
            publisher = Some(messaging.publisher(topics).await?);
            let all = Subscription::new("peer");
            let all = record::<JoinCreated>(all, &received);
            let all = record::<JoinCanceled>(all, &received);
            let all = record::<JoinPromoted>(all, &received);
            let all = record::<JoinKicked>(all, &received);
            let all = record::<JoinBanned>(all, &received);
            let all = record::<JoinUnbanned>(all, &received);
            let all = record::<JoinCounted>(all, &received);
            let all = record::<EmailEventCanceled>(all, &received);
            messaging.subscribe(all).await?;
            Ok(())
        };
        let service = Service::new("peer", "1")
            .start(Loader::for_tests("peer").overrides([broker]), assemble)
            .await
            .unwrap();
        Self {
            publisher: publisher.unwrap(),
            received,
            _service: service,
        }
    }

    pub(crate) async fn publish(&self, message: Message) {
        self.publisher.publish(message).await.unwrap();
    }

    /// Returns the bodies of the received messages with this topic about this event.
    pub(crate) fn received(&self, topic: &str, event: uuid::Uuid) -> Vec<Value> {
        let received = self.received.lock().unwrap();
        let of_event = received.iter().filter(|(event_type, body)| {
            *event_type == topic && body["event_id"] == event.to_string()
        });
        of_event.map(|(_, body)| body.clone()).collect()
    }
}

fn record<E: Event + serde::de::DeserializeOwned + Serialize + Sync>(
    subscription: Subscription,
    received: &ReceivedMessages,
) -> Subscription {
    let messages = Arc::clone(received);
    subscription.on::<E, _, _>(move |received: Received<E>| {
        let body = serde_json::to_value(received.event()).unwrap();
        messages.lock().unwrap().push((E::TYPE, body));
        async { Ok(()) }
    })
}
