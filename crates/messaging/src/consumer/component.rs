use std::sync::Arc;

use futures::future::{BoxFuture, join_all};
use parking_lot::Mutex;
use seaworthy_service::{Component, Stage};

use super::Consumer;

/// The consumers of a broker as the kernel stops them. Clones are the same.
#[derive(Clone)]
pub(crate) struct Consumers {
    name: Arc<str>,
    all: Arc<Mutex<Vec<Arc<Consumer>>>>,
}

impl Consumers {
    pub(crate) fn new(broker: &str) -> Self {
        Self {
            name: format!("consumers of {broker}").into(),
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

    fn running(&self) -> Vec<String> {
        let all = self.all();
        let running = all
            .iter()
            .filter(|consumer| !consumer.finished.is_cancelled());
        running
            .map(|consumer| {
                let in_hand = consumer.metrics.in_hand.get();
                format!("{} with {in_hand} messages in hand", consumer.name)
            })
            .collect()
    }

    fn abort(&self) {
        self.all()
            .iter()
            .for_each(|consumer| consumer.abort.cancel());
    }
}
