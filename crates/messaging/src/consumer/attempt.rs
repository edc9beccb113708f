use std::{panic::AssertUnwindSafe, sync::Arc, time::SystemTime};

use chrono::Utc;
use futures::FutureExt as _;
use seaworthy_core::{Actor, Deadline, RequestContext, RequestId, Tenant, TraceContext, context};
use seaworthy_resilience::{Outcome, circuit_breaker::Admission};
use seaworthy_telemetry::tracer::{Attribute, SpanKind, SpanRecord};
use tokio::time::{self, Instant};

use super::{Consumer, Route, session::Job};
use crate::{Envelope, Failure, envelope::attribute, failure::Disposition};

pub(super) enum AttemptOutcome {
    Succeeded,
    Failed(Failure),
    /// The payload cannot be decoded as its event type.
    Undecodable(String),
    /// A stop aborted the handler.
    Aborted,
}

impl Consumer {
    /// Runs the handler once.
    pub(super) async fn attempt(
        &self,
        job: &Job,
        route: &Route,
        attempt: u32,
        admission: Admission,
    ) -> AttemptOutcome {
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
                    Ok(()) => AttemptOutcome::Succeeded,
                    Err(failure) => AttemptOutcome::Failed(failure),
                },
                Err(undecodable) => AttemptOutcome::Undecodable(undecodable.to_string()),
            }
        };
        let guarded = AssertUnwindSafe(context::scope(Arc::clone(&request), run)).catch_unwind();
        let outcome = tokio::select! {
            biased;
            () = self.abort.cancelled() => AttemptOutcome::Aborted,
            outcome = time::timeout(self.config.handler_timeout.get(), guarded) => match outcome {
                Ok(Ok(outcome)) => outcome,
                Ok(Err(payload)) => {
                    let message = panic_message(&*payload);
                    context::sync_scope(request, || self.telemetry.errors().record_panic(&self.name, message));
                    AttemptOutcome::Failed(Failure::retry(format!("the handler panicked: {message}")).with_class("PANIC"))
                }
                Err(_elapsed) => {
                    let text = format!("the handler exceeded its timeout of {}", self.config.handler_timeout);
                    AttemptOutcome::Failed(Failure::retry(text).with_class("TIMEOUT"))
                }
            }
        };
        admission.report(breaker_outcome(&outcome), time::Instant::now().into_std());
        self.observe(envelope, &trace, begun, &outcome);
        outcome
    }

    fn observe(
        &self,
        envelope: &Envelope,
        trace: &TraceContext,
        begun: Instant,
        outcome: &AttemptOutcome,
    ) {
        self.metrics
            .duration
            .observe_with_exemplar(begun.elapsed(), trace);
        if let (AttemptOutcome::Succeeded, Some(time)) = (outcome, envelope.time()) {
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
            Attribute::text("messaging.system", self.sender.transport().system()),
            Attribute::text("messaging.operation.type", "process"),
            Attribute::text("messaging.destination.name", topic),
            Attribute::text("messaging.consumer.group.name", self.plan.group.as_str()),
            Attribute::text("messaging.message.id", envelope.id().as_str()),
        ];
        let class = match outcome {
            AttemptOutcome::Succeeded => None,
            AttemptOutcome::Failed(failure) => Some(failure.class()),
            AttemptOutcome::Undecodable(_) => Some("UNDECODABLE"),
            AttemptOutcome::Aborted => Some("ABORTED"),
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

    /// Returns the context of the handler (MSG-8). Its deadline is that of the attempt. The
    /// deadline of the publishing request does not apply, because no client waits for the handler.
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
}

/// Returns the outcome of an attempt for the breaker of the handler's dependencies. A rejected
/// message does not count as a failure of them.
fn breaker_outcome(outcome: &AttemptOutcome) -> Outcome {
    match outcome {
        AttemptOutcome::Succeeded | AttemptOutcome::Undecodable(_) => Outcome::Success,
        AttemptOutcome::Aborted => Outcome::Neutral,
        AttemptOutcome::Failed(failure) => match failure.disposition {
            Disposition::Retry => Outcome::TRANSIENT,
            Disposition::Delay(delay) => Outcome::Throttled {
                retry_after: Some(delay),
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
