//! A service that publishes messages in place of other services.

use std::sync::{Arc, Mutex};

use seaworthy::{
    config::{Environment, Loader},
    messaging::{Messaging, MessagingConfig, Publisher, Topics},
    prelude::*,
    service::RunningService,
};
use tutoring_contract::events::{
    AllocationRejected, BusinessEvent, CourseAccessGranted, CourseProgressUpdated, Kind,
    NotificationRequested, PaymentRefunded, PurchaseConfirmed, SessionCompleted,
    SessionRescheduled, SessionReviewed, SessionSubstituted, SessionsGenerated, StudentChanged,
    StudentDeallocated, TrainerAllocated, TrainerChanged, message,
};

use crate::app::TestPlatform;

#[derive(Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
struct PeerConfig {
    broker: MessagingConfig,
}

/// The running service and its publisher.
pub(crate) struct Peer {
    _service: RunningService,
    publisher: Publisher,
}

impl Peer {
    pub(crate) async fn start(app: &TestPlatform) -> Self {
        let own = [
            "server.http.addr=127.0.0.1:0".to_owned(),
            "admin.addr=127.0.0.1:0".to_owned(),
            "log.level=error".to_owned(),
            "broker.publish_timeout=30s".to_owned(),
        ];
        let settings = app.broker().into_iter().chain(own);
        let loader = Loader::new("peer").environment(Environment::default());
        let made = Arc::new(Mutex::new(None));
        let publisher = Arc::clone(&made);
        let started = Service::new("peer", "1").start(
            loader.overrides(settings),
            async |service: &Assembly<PeerConfig>| {
                let config = &service.settings().broker;
                let messaging = Messaging::connect(service, "broker", config).await?;
                let topics = Topics::new()
                    .with_unroutable::<BusinessEvent<CourseAccessGranted>>()
                    .with_unroutable::<BusinessEvent<PaymentRefunded>>()
                    .with_unroutable::<BusinessEvent<PurchaseConfirmed>>()
                    .with_unroutable::<BusinessEvent<TrainerAllocated>>()
                    .with_unroutable::<BusinessEvent<AllocationRejected>>()
                    .with_unroutable::<BusinessEvent<StudentDeallocated>>()
                    .with_unroutable::<BusinessEvent<SessionsGenerated>>()
                    .with_unroutable::<BusinessEvent<SessionCompleted>>()
                    .with_unroutable::<BusinessEvent<SessionSubstituted>>()
                    .with_unroutable::<BusinessEvent<SessionRescheduled>>()
                    .with_unroutable::<BusinessEvent<SessionReviewed>>()
                    .with_unroutable::<BusinessEvent<CourseProgressUpdated>>()
                    .with_unroutable::<BusinessEvent<StudentChanged>>()
                    .with_unroutable::<BusinessEvent<TrainerChanged>>()
                    .with_unroutable::<BusinessEvent<NotificationRequested>>();
                *publisher.lock().unwrap() = Some(messaging.publisher(topics).await?);
                Ok(())
            },
        );
        let service = started
            .await
            .unwrap_or_else(|error| panic!("{:?}", error.chain()));
        let publisher = made.lock().unwrap().take().unwrap();
        Self {
            _service: service,
            publisher,
        }
    }

    pub(crate) async fn publish<K: Kind>(&self, data: K) {
        self.publish_late(data, 0).await;
    }

    /// Publishes an event that occurred this number of milliseconds ago.
    pub(crate) async fn publish_late<K: Kind>(&self, data: K, milliseconds: i64) {
        let mut event = BusinessEvent::new(data);
        event.timestamp -= milliseconds;
        self.publisher.publish(message(&event)).await.unwrap();
    }
}
