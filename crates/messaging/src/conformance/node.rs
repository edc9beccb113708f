use std::sync::{Arc, Mutex};

use seaworthy_config::Loader;
use seaworthy_core::Timeout;
use seaworthy_service::{NoSettings, RunningService, Service, StopOutcome};

use super::Harness;
use crate::{
    Messaging, MessagingConfig, Publisher, Subscription, Topic, Topics, transport::Transport,
};

/// A service with its own connection.
pub(super) struct Node {
    service: RunningService,
    pub(super) messaging: Messaging,
    pub(super) transport: Arc<dyn Transport>,
}

impl Node {
    pub(super) async fn start(harness: &dyn Harness) -> Self {
        Self::start_with(harness, |_| {}).await
    }

    /// Starts a service with short backoffs.
    pub(super) async fn start_with(
        harness: &dyn Harness,
        change: impl FnOnce(&mut MessagingConfig),
    ) -> Self {
        Self::start_over(harness, harness.open().await, change).await
    }

    /// Starts a service with an open connection.
    pub(super) async fn start_over(
        harness: &dyn Harness,
        transport: Arc<dyn Transport>,
        change: impl FnOnce(&mut MessagingConfig),
    ) -> Self {
        let mut config = harness.config();
        config.defaults.initial_backoff = Timeout::from_millis(5);
        config.defaults.max_backoff = Timeout::from_millis(20);
        change(&mut config);
        let started = Arc::new(Mutex::new(None));
        let (keep, over) = (Arc::clone(&started), Arc::clone(&transport));
        let loader = Loader::for_tests("conformance");
        let service = Service::new("conformance", "1.0.0")
            .start::<NoSettings, _>(loader, async move |service| {
                let messaging = Messaging::with_transport(service, "broker", &config, over);
                *keep.lock().unwrap() = Some(messaging);
                Ok(())
            })
            .await
            .unwrap();
        let messaging = started.lock().unwrap().take().unwrap();
        Self {
            service,
            messaging,
            transport,
        }
    }

    pub(super) async fn publisher(&self, topics: &[&Topic]) -> Publisher {
        let all = topics
            .iter()
            .fold(Topics::new(), |all, topic| all.with_topic(topic.as_str()));
        self.messaging.publisher(all).await.unwrap()
    }

    pub(super) async fn subscribe(&self, subscription: Subscription) {
        self.messaging.subscribe(subscription).await.unwrap();
    }

    /// Stops the service as a signal does.
    pub(super) async fn stop(self) {
        assert_eq!(self.service.stop().await, StopOutcome::Clean);
    }
}
