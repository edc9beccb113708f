use std::{
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, SystemTime},
};

use chrono::Utc;
use futures::FutureExt as _;
use seaworthy_core::{
    Actor, Backoff, Deadline, RequestContext, RequestId, Tenant, Timeout, TraceContext, context,
};
use seaworthy_resilience::{Outcome, circuit_breaker::Admission};
use seaworthy_telemetry::tracer::{Attribute, SpanKind, SpanRecord};
use tokio::{
    sync::SemaphorePermit,
    time::{self, Instant},
};

use super::{
    Consumer, Route,
    session::{Job, Session, Settled},
};
use crate::{
    DeadLetter, DeadLetterReason, Envelope, Failure, PublishError, dead_letter::Form,
    dead_letters::chain, envelope::attribute, failure::Disposition,
};

/// The longest pause that a handler can ask for: a message that waits is in hand, and brokers take back what stays there too long.
const LONGEST_DELAY: Duration = Duration::from_secs(5 * 60);
/// How soon a paused subscription looks again where the breaker does not say.
const BREAKER_LOOK: Duration = Duration::from_millis(100);
/// The backoff between attempts to store a dead letter. The message stays unacknowledged meanwhile.
const DEAD_LETTER_INITIAL_BACKOFF: Timeout = Timeout::from_secs(1);
const DEAD_LETTER_MAX_BACKOFF: Timeout = Timeout::from_secs(30);
/// After this many refusals of every form, the message goes back to the broker. It then takes no
/// prefetch slot until the next delivery.
const MAX_DEAD_LETTER_REFUSALS: u32 = 4;

/// How one attempt ended.
enum Attempt {
    Succeeded,
    Failed(Failure),
    /// The payload is not what its kind says.
    Undecodable(String),
    /// The stop cut it off.
    CutOff,
}

impl Consumer {
    /// Does all that a message needs. Whatever it returns is done by the session.
    pub(super) async fn handle(&self, job: &Job) -> Settled {
        let envelope = &job.envelope;
        if envelope
            .recipient()
            .is_some_and(|group| *group != self.plan.group)
        {
            return Settled::Acknowledged;
        }
        if let Some(problem) = &job.problem {
            return self
                .give_up(
                    job,
                    DeadLetterReason::Undecodable,
                    "UNDECODABLE",
                    problem,
                    0,
                    None,
                )
                .await;
        }
        if job.count > self.config.max_deliveries.get() {
            let text = format!("delivered {} times without an answer", job.count);
            return self
                .give_up(
                    job,
                    DeadLetterReason::DeliveryLimit,
                    "DELIVERY_LIMIT",
                    &text,
                    0,
                    None,
                )
                .await;
        }
        if envelope
            .expires_at()
            .is_some_and(|moment| moment <= Utc::now())
        {
            self.metrics.dropped.increment();
            tracing::info!(consumer = &*self.name, topic = %envelope.topic(), message_id = %envelope.id(), "a message has expired and is dropped");
            return Settled::Acknowledged;
        }
        match self.router.route(envelope) {
            Ok(route) => self.attempts(job, route).await,
            Err(problem) => {
                self.give_up(
                    job,
                    DeadLetterReason::UnknownType,
                    "UNKNOWN_TYPE",
                    &problem,
                    0,
                    None,
                )
                .await
            }
        }
    }

    async fn attempts(&self, job: &Job, route: &Route) -> Settled {
        let backoff = self.config.backoff();
        let mut first_failed = None;
        let mut attempt = 1;
        loop {
            let Some((permit, admission)) = self.admitted(&job.session).await else {
                return Settled::Released;
            };
            let outcome = self.attempt(job, route, attempt, admission).await;
            drop(permit);
            let failure = match outcome {
                Attempt::Succeeded => {
                    self.metrics.consumed.increment();
                    return Settled::Acknowledged;
                }
                Attempt::CutOff => return Settled::Released,
                Attempt::Undecodable(problem) => {
                    return self
                        .give_up(
                            job,
                            DeadLetterReason::Undecodable,
                            "UNDECODABLE",
                            &problem,
                            attempt,
                            None,
                        )
                        .await;
                }
                Attempt::Failed(failure) => failure,
            };
            let failed_at = *first_failed.get_or_insert_with(Utc::now);
            let reason = match failure.disposition {
                Disposition::Drop => {
                    self.metrics.dropped.increment();
                    tracing::info!(consumer = &*self.name, message_id = %job.envelope.id(), reason = failure.explanation(), "a message is dropped");
                    return Settled::Acknowledged;
                }
                Disposition::Reject => Some(DeadLetterReason::Rejected),
                Disposition::Retry | Disposition::Delay(_) if attempt > self.config.max_retries => {
                    Some(DeadLetterReason::RetriesExhausted)
                }
                Disposition::Retry | Disposition::Delay(_) | Disposition::Postpone(_) => None,
            };
            // A failure after the stop has come may be the stop's doing: never a dead letter (LIFE-4).
            if job.session.halt.is_cancelled() && reason != Some(DeadLetterReason::Rejected) {
                return Settled::Released;
            }
            let explanation = failure.explanation();
            if let Some(reason) = reason {
                return self
                    .give_up(
                        job,
                        reason,
                        failure.class(),
                        &explanation,
                        attempt,
                        Some(failed_at),
                    )
                    .await;
            }
            self.metrics.retried.increment();
            let pause = match failure.disposition {
                Disposition::Delay(pause) => pause.min(LONGEST_DELAY),
                Disposition::Postpone(pause) => {
                    pause.unwrap_or_default().clamp(BREAKER_LOOK, LONGEST_DELAY)
                }
                _ => backoff.delay(attempt - 1),
            };
            tracing::warn!(consumer = &*self.name, topic = %job.envelope.topic(), message_id = %job.envelope.id(), attempt, class = failure.class(), problem = explanation, ?pause, "handling a message failed; it is tried again");
            if !rest(pause, &job.session).await {
                return Settled::Released;
            }
            if !matches!(failure.disposition, Disposition::Postpone(_)) {
                attempt += 1;
            }
        }
    }

    /// A place and the breaker's leave for one attempt; none when the session is over.
    async fn admitted(&self, session: &Session) -> Option<(SemaphorePermit<'_>, Admission)> {
        loop {
            let permit = tokio::select! {
                biased;
                () = session.halt.cancelled() => return None,
                () = session.lost.cancelled() => return None,
                permit = self.permits.acquire() => permit.ok()?,
            };
            let pause = match self.breaker.admit(std::time::Instant::now()) {
                Ok(admission) => return Some((permit, admission)),
                Err(refusal) => refusal.retry_after().unwrap_or(BREAKER_LOOK),
            };
            drop(permit);
            if !rest(pause.max(BREAKER_LOOK), session).await {
                return None;
            }
        }
    }

    async fn attempt(
        &self,
        job: &Job,
        route: &Route,
        attempt: u32,
        admission: Admission,
    ) -> Attempt {
        let envelope = &job.envelope;
        let trace = self
            .telemetry
            .tracer()
            .start_span(envelope.trace().as_ref());
        let request = Arc::new(self.context_of(envelope, trace.clone()));
        let begun = Instant::now();
        let run = async {
            match route(Arc::clone(envelope), attempt, job.count) {
                Ok(handling) => match handling.await {
                    Ok(()) => Attempt::Succeeded,
                    Err(failure) => Attempt::Failed(failure),
                },
                Err(undecodable) => Attempt::Undecodable(undecodable.to_string()),
            }
        };
        let guarded = AssertUnwindSafe(context::scope(Arc::clone(&request), run)).catch_unwind();
        let outcome = tokio::select! {
            biased;
            () = self.abort.cancelled() => Attempt::CutOff,
            outcome = time::timeout(self.config.handler_timeout.get(), guarded) => match outcome {
                Ok(Ok(outcome)) => outcome,
                Ok(Err(payload)) => {
                    let message = panic_message(&*payload);
                    context::sync_scope(request, || self.telemetry.errors().record_panic(&self.name, message));
                    Attempt::Failed(Failure::retry(format!("the handler panicked: {message}")).with_class("PANIC"))
                }
                Err(_elapsed) => {
                    let text = format!("no end within {}", self.config.handler_timeout);
                    Attempt::Failed(Failure::retry(text).with_class("TIMEOUT"))
                }
            }
        };
        admission.report(meaning(&outcome), std::time::Instant::now());
        self.observe(envelope, &trace, begun, &outcome);
        outcome
    }

    fn observe(
        &self,
        envelope: &Envelope,
        trace: &TraceContext,
        begun: Instant,
        outcome: &Attempt,
    ) {
        self.metrics
            .duration
            .observe_with_exemplar(begun.elapsed(), trace);
        if let (Attempt::Succeeded, Some(time)) = (outcome, envelope.time()) {
            self.metrics
                .age
                .observe_duration((Utc::now() - time).to_std().unwrap_or_default());
        }
        let tracer = self.telemetry.tracer();
        if !tracer.is_recording(trace) {
            return;
        }
        let topic = envelope.topic().as_str();
        let mut attributes = vec![
            Attribute::text("messaging.system", self.outlet.transport().system()),
            Attribute::text("messaging.operation.type", "process"),
            Attribute::text("messaging.destination.name", topic),
            Attribute::text("messaging.consumer.group.name", self.plan.group.as_str()),
            Attribute::text("messaging.message.id", envelope.id().as_str()),
        ];
        let class = match outcome {
            Attempt::Succeeded => None,
            Attempt::Failed(failure) => Some(failure.class()),
            Attempt::Undecodable(_) => Some("UNDECODABLE"),
            Attempt::CutOff => Some("CUT_OFF"),
        };
        if let Some(class) = class {
            attributes.push(Attribute::text("error.type", class));
        }
        let end = SystemTime::now();
        tracer.record(SpanRecord {
            context: trace.clone(),
            name: format!("process {topic}").into(),
            kind: SpanKind::Consumer,
            start: end.checked_sub(begun.elapsed()).unwrap_or(end),
            end,
            attributes,
            failed: class.is_some(),
        });
    }

    /// What the handler and everything below it sees (MSG-8). Its deadline is that of the attempt: nobody waits for the end of a message as one waits for an answer, so the
    /// deadline of the request from which it comes is in the envelope only.
    fn context_of(&self, envelope: &Envelope, trace: TraceContext) -> RequestContext {
        let given = envelope.attribute(attribute::REQUEST_ID);
        let request_id = given.and_then(|id| RequestId::parse(id.as_bytes()).ok());
        let context = RequestContext::new(
            self.identity.clone(),
            request_id.unwrap_or_else(RequestId::generate),
            trace,
        )
        .with_deadline(Deadline::after(self.config.handler_timeout.get()));
        if let Some(actor) = envelope.attribute(attribute::ACTOR) {
            context.set_actor(Actor::new(actor));
        }
        if let Some(tenant) = envelope.attribute(attribute::TENANT) {
            context.set_tenant(Tenant::new(tenant));
        }
        context
    }

    /// Makes a dead letter of it. The message is acknowledged only after the broker has confirmed the dead letter.
    async fn give_up(
        &self,
        job: &Job,
        reason: DeadLetterReason,
        class: &str,
        problem: &str,
        attempts: u32,
        first_failed: Option<chrono::DateTime<Utc>>,
    ) -> Settled {
        let first_failed = first_failed.unwrap_or_else(Utc::now);
        let envelope = Envelope::clone(&job.envelope);
        let letter = DeadLetter::new(
            envelope,
            &self.plan.group,
            reason,
            class,
            problem,
            attempts,
            first_failed,
        );
        tracing::error!(
            consumer = &*self.name,
            topic = %job.envelope.topic(),
            message_id = %job.envelope.id(),
            dead_letter = letter.id.as_str(),
            reason = reason.as_str(),
            class,
            problem = letter.message,
            attempts,
            "a message could not be handled and is dead"
        );
        let stored = letter.into_stored();
        let backoff = Backoff::new(DEAD_LETTER_INITIAL_BACKOFF, DEAD_LETTER_MAX_BACKOFF);
        let mut refusals = 0;
        let mut attempt = 0;
        loop {
            match self.store(&stored).await {
                Ok(()) => {
                    self.metrics.dead(reason);
                    return Settled::Acknowledged;
                }
                Err(PublishError::Closed) => return Settled::Released,
                Err(error) if error.is_transient() => {}
                Err(error) => {
                    refusals += 1;
                    if refusals == MAX_DEAD_LETTER_REFUSALS {
                        self.metrics.refused_dead_letters.increment();
                        let problem = chain(&error);
                        tracing::error!(consumer = &*self.name, topic = %stored.topic(), message_id = %stored.id(), problem, "the broker refuses a dead letter in every form; the message goes back to its queue");
                        return Settled::Nacked;
                    }
                }
            }
            if !rest(backoff.delay(attempt), &job.session).await {
                return Settled::Released;
            }
            attempt += 1;
        }
    }

    /// Stores a dead letter in the largest form that the broker accepts.
    ///
    /// # Errors
    /// The error of the smallest form if the broker refuses every form. A transient error ends the
    /// attempt at once, so that the next attempt begins with the whole letter.
    async fn store(&self, letter: &Envelope) -> Result<(), PublishError> {
        let topic = letter.topic();
        let mut refused = None;
        for form in Form::ALL {
            let begun = Instant::now();
            let result = self.outlet.publish(form.of(letter), None).await;
            self.outlet.count(topic, begun, &result);
            let error = match result {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            let is_transient = error.is_transient();
            let problem = chain(&error);
            tracing::error!(consumer = &*self.name, %topic, ?form, problem, is_transient, "the broker did not take a dead letter");
            if is_transient || matches!(error, PublishError::Closed) {
                return Err(error);
            }
            refused = Some(error);
        }
        refused.map_or(Ok(()), Err)
    }
}

/// What an attempt says about what the handler depends on. A message that is refused for its own sake says nothing bad.
fn meaning(outcome: &Attempt) -> Outcome {
    match outcome {
        Attempt::Succeeded | Attempt::Undecodable(_) => Outcome::Success,
        Attempt::CutOff => Outcome::Neutral,
        Attempt::Failed(failure) => match failure.disposition {
            Disposition::Retry => Outcome::TRANSIENT,
            Disposition::Delay(pause) => Outcome::Throttled {
                retry_after: Some(pause),
            },
            Disposition::Postpone(retry_after) => Outcome::Throttled { retry_after },
            Disposition::Reject | Disposition::Drop => Outcome::Success,
        },
    }
}

fn panic_message(payload: &(dyn std::any::Any + Send)) -> &str {
    payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}

/// Waits; `false` when the session was over first.
async fn rest(pause: Duration, session: &Session) -> bool {
    tokio::select! {
        biased;
        () = session.halt.cancelled() => false,
        () = session.lost.cancelled() => false,
        () = time::sleep(pause) => true,
    }
}
