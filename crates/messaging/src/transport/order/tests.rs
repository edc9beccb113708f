use std::{sync::Arc, time::Duration};

use futures::future::BoxFuture;
use parking_lot::Mutex;
use seaworthy_core::Timeout;
use tokio::time;

use super::*;
use crate::{
    DeadLetterId, GroupName, Topic,
    transport::{Deliveries, SubscriptionPlan, TopicPlan, Transport, TransportError},
};

const TIMEOUT: Timeout = Timeout::from_secs(1);

/// The payloads that an engine rejects, with its errors for them.
type Rejected = Vec<(&'static str, fn() -> PublishError)>;

/// A slow engine that stores messages, and fails for some payloads.
struct SlowEngine {
    latency: Duration,
    rejected: Rejected,
    stored: Mutex<Vec<String>>,
}

impl SlowEngine {
    fn new(latency: Duration, rejected: Rejected) -> Self {
        Self {
            latency,
            rejected,
            stored: Mutex::default(),
        }
    }

    fn store(&self, envelope: &Envelope) -> Result<(), PublishError> {
        let text = String::from_utf8_lossy(envelope.payload()).into_owned();
        let rejected = self.rejected.iter().find(|(rejected, _)| *rejected == text);
        if let Some((_, error)) = rejected {
            return Err(error());
        }
        self.stored.lock().push(text);
        Ok(())
    }
}

impl Transport for SlowEngine {
    fn system(&self) -> &'static str {
        "test"
    }

    fn declare(&self, _: Vec<TopicPlan>) -> BoxFuture<'_, Result<(), TransportError>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn publish(&self, batch: Vec<Envelope>) -> BoxFuture<'_, Vec<Result<(), PublishError>>> {
        Box::pin(async move {
            time::sleep(self.latency).await;
            batch.iter().map(|envelope| self.store(envelope)).collect()
        })
    }

    fn open(
        &self,
        _: SubscriptionPlan,
    ) -> BoxFuture<'_, Result<Arc<dyn Deliveries>, TransportError>> {
        Box::pin(std::future::ready(Err(TransportError::Closed)))
    }

    fn lag<'a>(&'a self, _: &'a GroupName) -> BoxFuture<'a, Result<u64, TransportError>> {
        Box::pin(std::future::ready(Ok(0)))
    }

    fn check(&self) -> BoxFuture<'_, Result<(), TransportError>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn browse<'a>(
        &'a self,
        _: &'a Topic,
        _: Option<&'a DeadLetterId>,
        _: usize,
    ) -> BoxFuture<'a, Result<Vec<Envelope>, TransportError>> {
        Box::pin(std::future::ready(Ok(Vec::new())))
    }

    fn remove<'a>(
        &'a self,
        _: &'a Topic,
        _: &'a [DeadLetterId],
    ) -> BoxFuture<'a, Result<u64, TransportError>> {
        Box::pin(std::future::ready(Ok(0)))
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}

/// A batch of texts `key:number`. A text without a colon has no key.
fn batch(texts: &[&str]) -> Vec<Envelope> {
    let topic = Topic::new("test.ordered").unwrap();
    let envelopes = texts.iter().map(|text| {
        let envelope = Envelope::new(topic.clone(), "test.ordered", "test", (*text).to_owned());
        match text.split_once(':') {
            Some((key, _)) => envelope.with_key(key),
            None => envelope,
        }
    });
    envelopes.collect()
}

fn reasons(answers: &[Result<(), PublishError>]) -> Vec<&'static str> {
    let reason = |answer: &Result<(), PublishError>| {
        answer.as_ref().map_or_else(PublishError::reason, |()| "ok")
    };
    answers.iter().map(reason).collect()
}

#[tokio::test(start_paused = true)]
async fn batch_stops_key_after_transient_failure_msg_1() {
    let engine = SlowEngine::new(
        Duration::ZERO,
        vec![("a:1", || PublishError::unavailable("not now"))],
    );
    let batch = batch(&["a:0", "b:0", "a:1", "free", "a:2", "b:1", "a:3"]);
    let answers = publish_in_order(&engine, batch, TIMEOUT).await;
    assert_eq!(
        reasons(&answers),
        [
            "ok",
            "ok",
            "unavailable",
            "ok",
            "deferred",
            "ok",
            "deferred"
        ]
    );
    assert_eq!(*engine.stored.lock(), ["a:0", "b:0", "free", "b:1"]);
}

#[tokio::test(start_paused = true)]
async fn batch_continues_key_after_permanent_failure_msg_1() {
    let engine = SlowEngine::new(
        Duration::ZERO,
        vec![("a:0", || PublishError::permanent("never"))],
    );
    let answers = publish_in_order(&engine, batch(&["a:0", "a:1"]), TIMEOUT).await;
    assert_eq!(reasons(&answers), ["permanent", "ok"]);
}

#[tokio::test(start_paused = true)]
async fn batch_keeps_confirmed_answers_on_slow_broker_msg_4() {
    let engine = SlowEngine::new(Duration::from_millis(200), Vec::new());
    let answers = publish_in_order(
        &engine,
        batch(&["a:0", "a:1", "a:2", "a:3", "a:4"]),
        TIMEOUT,
    );
    assert_eq!(
        reasons(&answers.await),
        ["ok", "ok", "ok", "deferred", "deferred"]
    );
    let engine = SlowEngine::new(Duration::from_secs(2), Vec::new());
    let answers = publish_in_order(&engine, batch(&["a:0", "a:1", "b:0"]), TIMEOUT);
    assert_eq!(
        reasons(&answers.await),
        ["unavailable", "deferred", "unavailable"]
    );
}
