use std::sync::Arc;

use futures::future::{BoxFuture, join_all};
use parking_lot::Mutex;
use seaworthy_config::check_entries;
use seaworthy_service::{Component, Stage, StartError};

use super::Consumer;
use crate::MessagingConfig;

/// The consumers of a broker as one component. Clones share the state.
#[derive(Clone)]
pub(crate) struct Consumers {
    name: Arc<str>,
    /// The consumer groups that the settings name, by the key of their map.
    configured: Arc<[(String, Vec<String>)]>,
    all: Arc<Mutex<Vec<Arc<Consumer>>>>,
}

impl Consumers {
    pub(crate) fn new(broker: &str, config: &MessagingConfig) -> Self {
        let subscriptions = config.subscriptions.keys().cloned().collect();
        let configured = [
            (format!("{broker}.subscriptions"), subscriptions),
            #[cfg(feature = "rabbitmq")]
            (
                format!("{broker}.rabbitmq.queues"),
                config.rabbitmq.queues.keys().cloned().collect(),
            ),
        ];
        Self {
            name: format!("consumers of {broker}").into(),
            configured: Arc::new(configured),
            all: Arc::default(),
        }
    }

    pub(crate) fn add(&self, consumer: Arc<Consumer>) {
        self.all.lock().push(consumer);
    }

    pub(crate) fn all(&self) -> Vec<Arc<Consumer>> {
        self.all.lock().clone()
    }
}

impl Component for Consumers {
    fn name(&self) -> &str {
        &self.name
    }

    fn stage(&self) -> Stage {
        Stage::Consumer
    }

    /// Rejects settings for consumer groups without a subscription: they would have no effect.
    fn check(&self) -> Result<(), StartError> {
        let all = self.all();
        for (key, names) in &*self.configured {
            let groups = all.iter().map(|consumer| consumer.plan.group.as_str());
            check_entries(key, names.iter().map(String::as_str), groups).map_err(|error| {
                StartError::with_cause(
                    "the settings name a consumer group without a subscription",
                    error,
                )
            })?;
        }
        Ok(())
    }

    fn request_stop(&self) {
        self.all()
            .iter()
            .for_each(|consumer| consumer.stop.cancel());
    }

    fn stopped(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            let all = self.all();
            join_all(all.iter().map(|consumer| consumer.finished.cancelled())).await;
        })
    }

    fn unfinished_work(&self) -> Vec<String> {
        let all = self.all();
        let running = all
            .iter()
            .filter(|consumer| !consumer.finished.is_cancelled());
        running
            .map(|consumer| {
                let unacknowledged = consumer.metrics.unacknowledged.get();
                format!(
                    "{} with {unacknowledged} unacknowledged messages",
                    consumer.name
                )
            })
            .collect()
    }

    fn abort(&self) {
        self.all()
            .iter()
            .for_each(|consumer| consumer.abort.cancel());
    }
}
