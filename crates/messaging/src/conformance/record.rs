use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use tokio::{sync::watch, time};

use super::TIMEOUT;
use crate::{Envelope, Message, Received, Subscription, Topic};

/// The handled messages in order. Clones share one record.
#[derive(Debug, Clone)]
pub(super) struct Record {
    arrived: Arc<Mutex<Vec<Envelope>>>,
    count: watch::Sender<usize>,
}

impl Record {
    pub(super) fn new() -> Self {
        Self {
            arrived: Arc::default(),
            count: watch::Sender::new(0),
        }
    }

    pub(super) fn add(&self, envelope: &Envelope) {
        let mut arrived = self.arrived.lock().unwrap();
        arrived.push(envelope.clone());
        self.count.send_replace(arrived.len());
    }

    pub(super) fn all(&self) -> Vec<Envelope> {
        self.arrived.lock().unwrap().clone()
    }

    /// Returns the payloads as texts without duplicates, in the order of their first arrival.
    pub(super) fn texts(&self) -> Vec<String> {
        let mut seen = BTreeSet::new();
        self.all()
            .iter()
            .filter(|envelope| seen.insert(envelope.id().clone()))
            .map(text)
            .collect()
    }

    /// Waits until `count` different messages have arrived.
    pub(super) async fn wait_for(&self, count: usize) -> Vec<String> {
        self.wait_until(|texts| texts.len() >= count).await
    }

    pub(super) async fn wait_until(&self, done: impl Fn(&[String]) -> bool) -> Vec<String> {
        let mut changed = self.count.subscribe();
        let wait = async {
            loop {
                changed.mark_unchanged();
                let texts = self.texts();
                if done(&texts) {
                    return texts;
                }
                changed.changed().await.unwrap();
            }
        };
        match time::timeout(TIMEOUT, wait).await {
            Ok(texts) => texts,
            Err(_elapsed) => panic!(
                "the expected messages did not arrive in time; arrived: {:?}",
                self.texts()
            ),
        }
    }

    /// A subscription that records every message and succeeds.
    pub(super) fn subscription(&self, group: &str, topics: &[&Topic]) -> Subscription {
        let mut subscription = Subscription::new(group);
        for topic in topics {
            let record = self.clone();
            subscription =
                subscription.on_topic(topic.as_str(), move |arrived: Received<Bytes>| {
                    record.add(arrived.envelope());
                    async { Ok(()) }
                });
        }
        subscription
    }
}

pub(super) fn text(envelope: &Envelope) -> String {
    String::from_utf8_lossy(envelope.payload()).into_owned()
}

pub(super) fn message(topic: &Topic, text: &str) -> Message {
    Message::raw(topic.as_str(), "text/plain", text.to_owned())
}

/// Returns the numbers below `count` as texts.
pub(super) fn numbers(count: usize) -> BTreeSet<String> {
    (0..count).map(|number| number.to_string()).collect()
}

/// Counters by name.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally(Arc<Mutex<HashMap<String, u32>>>);

impl Tally {
    /// Increments a counter and returns it.
    pub(super) fn add(&self, what: &str) -> u32 {
        let mut counts = self.0.lock().unwrap();
        let count = counts.entry(what.to_owned()).or_default();
        *count += 1;
        *count
    }

    pub(super) fn of(&self, what: &str) -> u32 {
        self.0
            .lock()
            .unwrap()
            .get(what)
            .copied()
            .unwrap_or_default()
    }
}
