use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use seaworthy::{
    config::{Environment, Loader},
    messaging::{
        DeadLetters, Event, Messaging, MessagingConfig, Publisher, Received, Subscription, Topics,
    },
    prelude::*,
    service::RunningService,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tutoring_contract::events::{BusinessEvent, Kind, message};

/// The received events, as JSON. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Events(Arc<Mutex<Vec<Value>>>);

impl Events {
    /// Records the events of a type, with the subject and the correlation ID of their messages
    /// under `message`.
    ///
    /// # Panics
    /// An event is not a JSON object.
    #[must_use]
    pub fn record<E>(&self, subscription: Subscription) -> Subscription
    where
        E: Event + Serialize + DeserializeOwned,
    {
        let events = self.clone();
        subscription.on::<E, _, _>(move |received: Received<E>| {
            let mut event = serde_json::to_value(received.event()).unwrap();
            let message = received.envelope();
            let message = json!({
                "subject": message.subject(),
                "correlationId": message.attribute("correlationid"),
            });
            let members = event.as_object_mut().unwrap();
            members.insert("message".to_owned(), message);
            events.push(event);
            async { Ok(()) }
        })
    }

    /// Adds an event.
    pub fn push(&self, event: Value) {
        self.all().push(event);
    }

    /// Returns all events.
    pub fn all(&self) -> MutexGuard<'_, Vec<Value>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A service that exchanges messages with the service of a test.
pub struct Peer {
    /// The publisher of the topics.
    pub publisher: Publisher,
    /// The dead letters of all services.
    pub dead_letters: DeadLetters,
    _service: RunningService,
}

#[derive(Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
struct PeerConfig {
    broker: MessagingConfig,
}

impl Peer {
    /// Starts a peer that publishes to topics, and subscribes.
    ///
    /// # Panics
    /// The broker is not available.
    pub async fn start(broker: &str, topics: Topics, subscription: Option<Subscription>) -> Self {
        let loader = Loader::new("peer")
            .environment(Environment::default())
            .overrides([
                format!("broker.url={broker}"),
                "server.http.addr=127.0.0.1:0".to_owned(),
                "admin.addr=127.0.0.1:0".to_owned(),
                "log.level=error".to_owned(),
            ]);
        let made = Arc::new(Mutex::new(None));
        let parts = Arc::clone(&made);
        let started =
            Service::new("peer", "1").start(loader, async |service: &Assembly<PeerConfig>| {
                let config = &service.settings().broker;
                let messaging = Messaging::connect(service, "broker", config).await?;
                let publisher = messaging.publisher(topics).await?;
                let dead_letters = messaging.dead_letters().unwrap();
                *made.lock().unwrap() = Some((publisher, dead_letters));
                if let Some(subscription) = subscription {
                    messaging.subscribe(subscription).await?;
                }
                Ok(())
            });
        let service = started
            .await
            .unwrap_or_else(|error| panic!("{:?}", error.chain()));
        let (publisher, dead_letters) = parts.lock().unwrap().take().unwrap();
        Self {
            publisher,
            dead_letters,
            _service: service,
        }
    }

    /// Publishes an event.
    ///
    /// # Panics
    /// The broker is not available.
    pub async fn publish<K: Kind>(&self, event: &BusinessEvent<K>) {
        self.publisher.publish(message(event)).await.unwrap();
    }
}
