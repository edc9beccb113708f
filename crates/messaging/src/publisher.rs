use std::{collections::BTreeSet, fmt, sync::Arc, time::SystemTime};

use seaworthy_core::{
    Backoff, ByteSize, RequestContext, ServiceIdentity, Timeout, TraceContext, context, error_chain,
};
use seaworthy_resilience::{Outcome, circuit_breaker::CircuitBreaker};
use seaworthy_telemetry::tracer::{Attribute, SpanKind, SpanRecord, Tracer};
use tokio::time::{self, Instant};

use crate::{
    Envelope, Message, PublishError, Topic,
    metrics::PublishMetrics,
    transport::{Transport, publish_in_order},
};

/// The first backoff between attempts. A reconnect takes about as long.
const INITIAL_BACKOFF: Timeout = Timeout::from_millis(50);
/// The maximum backoff between attempts. The default publish timeout is several times as long.
const MAX_BACKOFF: Timeout = Timeout::from_secs(1);

/// Publishes to declared topics. Cheap to clone.
///
/// [`Messaging::publisher`](crate::Messaging::publisher) creates it.
#[derive(Clone)]
pub struct Publisher(Option<Arc<Publishing>>);

struct Publishing {
    topics: BTreeSet<Topic>,
    sender: EnvelopePublisher,
}

/// Publishes envelopes with the breaker, the metrics and the timeout of a service. Cheap to clone.
#[derive(Clone)]
pub(crate) struct EnvelopePublisher(Arc<Inner>);

struct Inner {
    transport: Arc<dyn Transport>,
    identity: ServiceIdentity,
    tracer: Tracer,
    breaker: CircuitBreaker,
    metrics: PublishMetrics,
    max_message_size: ByteSize,
    timeout: Timeout,
}

impl Publisher {
    pub(crate) fn new(topics: BTreeSet<Topic>, sender: EnvelopePublisher) -> Self {
        Self(Some(Arc::new(Publishing { topics, sender })))
    }

    /// Creates a publisher without effect, for disabled messaging (MSG-2).
    #[must_use]
    pub(crate) fn disabled() -> Self {
        Self(None)
    }

    /// Publishes a message and returns after the broker has confirmed it. Retries with the same
    /// message ID while the broker is unavailable or a queue is full, until `publish_timeout` or
    /// the deadline of the request.
    ///
    /// # Errors
    /// [`PublishError`]. After `Unavailable` the message may have been published. Consumers
    /// recognize a duplicate by its message ID.
    pub async fn publish(&self, message: Message) -> Result<(), PublishError> {
        let Some(publishing) = &self.0 else {
            return Ok(());
        };
        let request = context::current();
        let sender = &publishing.sender;
        let begun = Instant::now();
        let trace = sender.begin(request.as_deref());
        let prepared = publishing.prepare(message, request.as_deref(), &trace);
        let topic = prepared
            .as_ref()
            .ok()
            .map(|envelope| envelope.topic().clone());
        let result = match prepared {
            Ok(envelope) => sender.publish(envelope, request.as_deref()).await,
            Err(error) => Err(error),
        };
        sender.record(&trace, topic.as_ref(), begun, &result);
        result
    }

    /// Returns the envelope of a message with the context of the request, for an outbox, which
    /// stores it before it is published.
    ///
    /// # Errors
    /// [`PublishError::Permanent`] or [`PublishError::TooLarge`] if the message is invalid.
    pub fn prepare(&self, message: Message) -> Result<Envelope, PublishError> {
        let request = context::current();
        match &self.0 {
            Some(publishing) => {
                let trace = publishing.sender.begin(request.as_deref());
                publishing.prepare(message, request.as_deref(), &trace)
            }
            None => message.into_envelope("", request.as_deref(), None),
        }
    }

    /// Publishes prepared messages unchanged and returns a result for each. It is for a relay,
    /// which has its own retries. Messages of different keys are confirmed in any order. Messages
    /// of one key are published in their order, until one fails transiently. The later ones are
    /// [`PublishError::Deferred`].
    pub async fn publish_all(&self, batch: Vec<Envelope>) -> Vec<Result<(), PublishError>> {
        let Some(publishing) = &self.0 else {
            return batch.iter().map(|_| Ok(())).collect();
        };
        let mut results = Vec::with_capacity(batch.len());
        let mut sound = Vec::with_capacity(batch.len());
        for envelope in batch {
            match publishing.check(&envelope) {
                Ok(()) => {
                    results.push(None);
                    sound.push(envelope);
                }
                Err(error) => results.push(Some(Err(error))),
            }
        }
        let sender = &publishing.sender;
        let topics: Vec<Topic> = sound
            .iter()
            .map(|envelope| envelope.topic().clone())
            .collect();
        let begun = Instant::now();
        let answers = sender.attempt(sound, sender.0.timeout).await;
        let mut answers = topics.iter().zip(answers).map(|(topic, answer)| {
            sender.count(topic, begun, &answer);
            answer
        });
        results
            .into_iter()
            .map(|known| known.or_else(|| answers.next()).unwrap_or_else(unconfirmed))
            .collect()
    }
}

/// Returns the result of a message without a reply of the engine.
fn unconfirmed() -> Result<(), PublishError> {
    Err(PublishError::unavailable(
        "the broker sent no confirmation for this message",
    ))
}

impl Publishing {
    fn prepare(
        &self,
        message: Message,
        request: Option<&RequestContext>,
        trace: &TraceContext,
    ) -> Result<Envelope, PublishError> {
        let source = self.sender.0.identity.name();
        let envelope = message.into_envelope(source, request, Some(trace))?;
        self.check(&envelope)?;
        Ok(envelope)
    }

    fn check(&self, envelope: &Envelope) -> Result<(), PublishError> {
        if !self.topics.contains(envelope.topic()) {
            let topic = envelope.topic();
            return Err(PublishError::permanent(format!(
                "the publisher has not declared the topic {topic}: add it to the topics of the publisher"
            )));
        }
        let (size, limit) = (envelope.size(), self.sender.0.max_message_size);
        if size > limit.as_usize() {
            return Err(PublishError::TooLarge { size, limit });
        }
        Ok(envelope.check_headers()?)
    }
}

impl EnvelopePublisher {
    pub(crate) fn new(
        transport: Arc<dyn Transport>,
        identity: ServiceIdentity,
        tracer: Tracer,
        breaker: CircuitBreaker,
        metrics: PublishMetrics,
        max_message_size: ByteSize,
        timeout: Timeout,
    ) -> Self {
        Self(Arc::new(Inner {
            transport,
            identity,
            tracer,
            breaker,
            metrics,
            max_message_size,
            timeout,
        }))
    }

    pub(crate) fn transport(&self) -> &Arc<dyn Transport> {
        &self.0.transport
    }

    fn begin(&self, request: Option<&RequestContext>) -> TraceContext {
        self.0.tracer.start_span(request.map(RequestContext::trace))
    }

    /// Publishes with retries until the timeout or the deadline.
    pub(crate) async fn publish(
        &self,
        envelope: Envelope,
        request: Option<&RequestContext>,
    ) -> Result<(), PublishError> {
        let mut end = Instant::now() + self.0.timeout.get();
        if let Some(deadline) = request.and_then(RequestContext::deadline) {
            end = end.min(Instant::now() + deadline.remaining().unwrap_or_default());
        }
        let delays = Backoff::new(INITIAL_BACKOFF, MAX_BACKOFF);
        let mut attempt = 0;
        let mut last_error = PublishError::unavailable("the timeout expired");
        loop {
            let left = end.saturating_duration_since(Instant::now());
            // The sleep may end late. The reason is then that of the last attempt.
            let Ok(limit) = Timeout::try_from(left) else {
                return Err(last_error);
            };
            let answers = self.attempt(vec![envelope.clone()], limit).await;
            let result = answers.into_iter().next().unwrap_or_else(unconfirmed);
            let backoff = delays.delay(attempt);
            match result {
                Err(error @ (PublishError::Unavailable(_) | PublishError::QueueFull { .. }))
                    if Instant::now() + backoff < end =>
                {
                    let problem = error_chain(&error);
                    tracing::warn!(topic = %envelope.topic(), problem, ?backoff, "publishing a message failed, retrying");
                    time::sleep(backoff).await;
                    attempt += 1;
                    last_error = error;
                }
                result => return result,
            }
        }
    }

    /// Makes one attempt to publish a batch.
    async fn attempt(&self, batch: Vec<Envelope>, limit: Timeout) -> Vec<Result<(), PublishError>> {
        let count = batch.len();
        if count == 0 {
            return Vec::new();
        }
        // Without a connection an attempt would fail immediately and keep the breaker open after
        // the reconnect.
        if !self.0.transport.is_connected() {
            let lost = || Err(PublishError::unavailable("the connection is lost"));
            return (0..count).map(|_| lost()).collect();
        }
        let admission = match self.0.breaker.admit(std::time::Instant::now()) {
            Ok(admission) => admission,
            Err(rejection) => {
                let text = rejection.to_string();
                return (0..count)
                    .map(|_| Err(PublishError::unavailable(text.clone())))
                    .collect();
            }
        };
        let begun = Instant::now();
        let answers = publish_in_order(&*self.0.transport, batch, limit).await;
        // A timeout that the caller's deadline has shortened does not count against the broker.
        let cut_short = begun.elapsed() >= limit.get() && limit.get() * 2 < self.0.timeout.get();
        let is_down =
            |answer: &Result<(), PublishError>| matches!(answer, Err(PublishError::Unavailable(_)));
        let outcome = if cut_short {
            Outcome::Neutral
        } else if answers.iter().any(is_down) && !answers.iter().any(Result::is_ok) {
            // A broker that confirms a part of a batch is available. A full queue is not a failure
            // of the broker.
            Outcome::TRANSIENT
        } else {
            Outcome::Success
        };
        admission.report(outcome, std::time::Instant::now());
        answers
    }

    pub(crate) fn count(&self, topic: &Topic, begun: Instant, result: &Result<(), PublishError>) {
        let metrics = &self.0.metrics;
        metrics.duration.observe_duration(begun.elapsed());
        match result {
            Ok(()) => metrics.published.get_or_create(topic.as_str()).increment(),
            Err(error) => metrics.failed.get_or_create(error.reason()).increment(),
        }
    }

    fn record(
        &self,
        trace: &TraceContext,
        topic: Option<&Topic>,
        begun: Instant,
        result: &Result<(), PublishError>,
    ) {
        match (topic, result) {
            (Some(topic), result) => self.count(topic, begun, result),
            (None, Err(error)) => self
                .0
                .metrics
                .failed
                .get_or_create(error.reason())
                .increment(),
            (None, Ok(())) => {}
        }
        if !self.0.tracer.is_recording(trace) {
            return;
        }
        let name = topic.map_or("", Topic::as_str);
        let mut attributes = vec![
            Attribute::text("messaging.system", self.0.transport.system()),
            Attribute::text("messaging.operation.type", "send"),
            Attribute::text("messaging.destination.name", name),
        ];
        if let Err(error) = result {
            attributes.push(Attribute::text("error.type", error.reason()));
        }
        let end = SystemTime::now();
        self.0.tracer.record(SpanRecord {
            context: trace.clone(),
            name: format!("send {name}").into(),
            kind: SpanKind::Producer,
            start: end.checked_sub(begun.elapsed()).unwrap_or(end),
            end,
            attributes,
            failed: result.is_err(),
        });
    }
}

impl fmt::Debug for Publisher {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let topics = self.0.as_ref().map(|publishing| &publishing.topics);
        formatter
            .debug_struct("Publisher")
            .field("topics", &topics)
            .finish()
    }
}
