use std::time::Duration;

use chrono::{DateTime, Utc};
use seaworthy_resilience::circuit_breaker::Admission;
use tokio::{sync::SemaphorePermit, time};

use super::{
    Consumer, Route,
    attempt::AttemptOutcome,
    dead_letter::Problem,
    new_topic::NewTopic,
    session::{Job, Session, Settlement},
};
use crate::{DeadLetterReason, Failure, failure::Disposition};

/// The maximum backoff that a handler can choose. During the backoff the message stays
/// unacknowledged, and brokers redeliver messages that stay unacknowledged for too long.
const MAX_DELAY: Duration = Duration::from_secs(5 * 60);
/// The poll interval of an open breaker that does not return the time of the next attempt.
const BREAKER_POLL_INTERVAL: Duration = Duration::from_millis(100);

impl Consumer {
    /// Handles a message and returns what the session does with its delivery.
    pub(super) async fn handle(&self, job: &Job) -> Settlement {
        let envelope = &job.envelope;
        if envelope
            .recipient()
            .is_some_and(|group| *group != self.plan.group)
        {
            return Settlement::Acknowledged;
        }
        if let Some(NewTopic::Returning { at, .. }) = &job.new_topic {
            let delay = at.saturating_duration_since(time::Instant::now());
            return if wait(delay, &job.session).await {
                Settlement::Postponed
            } else {
                Settlement::Released
            };
        }
        if let Some(problem) = &job.problem {
            let reason = DeadLetterReason::Undecodable;
            let problem = Problem::of_message(reason, "UNDECODABLE", problem);
            return self.dead_letter(job, problem).await;
        }
        if job.count > self.config.max_deliveries.get() {
            let text = format!("delivered {} times without an acknowledgement", job.count);
            let reason = DeadLetterReason::DeliveryLimit;
            let problem = Problem::of_message(reason, "DELIVERY_LIMIT", &text);
            return self.dead_letter(job, problem).await;
        }
        if envelope
            .expires_at()
            .is_some_and(|expiry| expiry <= Utc::now())
        {
            self.metrics.dropped.increment();
            tracing::info!(consumer = &*self.name, topic = %envelope.topic(), message_id = %envelope.id(), "dropped an expired message");
            return Settlement::Acknowledged;
        }
        match self.router.route(envelope) {
            Ok(route) => self.attempt_with_retries(job, route).await,
            Err(problem) => {
                let reason = DeadLetterReason::UnknownType;
                let problem = Problem::of_message(reason, "UNKNOWN_TYPE", &problem);
                self.dead_letter(job, problem).await
            }
        }
    }

    async fn attempt_with_retries(&self, job: &Job, route: &Route) -> Settlement {
        let delays = self.config.backoff();
        let mut first_failed = None;
        let mut attempt = 1;
        loop {
            let Some((permit, admission)) = self.admit(&job.session).await else {
                return Settlement::Released;
            };
            let outcome = self.attempt(job, route, attempt, admission).await;
            drop(permit);
            let failure = match outcome {
                AttemptOutcome::Succeeded => {
                    self.metrics.consumed.increment();
                    return Settlement::Acknowledged;
                }
                AttemptOutcome::Aborted => return Settlement::Released,
                AttemptOutcome::Undecodable(problem) => {
                    let problem = Problem {
                        reason: DeadLetterReason::Undecodable,
                        class: "UNDECODABLE",
                        message: &problem,
                        attempts: attempt,
                        first_failed: Utc::now(),
                    };
                    return self.dead_letter(job, problem).await;
                }
                AttemptOutcome::Failed(failure) => failure,
            };
            let first_failed = *first_failed.get_or_insert_with(Utc::now);
            if failure.disposition == Disposition::Drop {
                self.metrics.dropped.increment();
                tracing::info!(consumer = &*self.name, message_id = %job.envelope.id(), reason = failure.error_chain(), "a handler dropped a message");
                return Settlement::Acknowledged;
            }
            if let Some(settlement) = self.give_up(job, &failure, attempt, first_failed).await {
                return settlement;
            }
            self.metrics.retried.increment();
            let backoff = match failure.disposition {
                Disposition::Delay(delay) => delay.min(MAX_DELAY),
                Disposition::Postpone(delay) => {
                    let delay = delay.unwrap_or_default();
                    delay.clamp(BREAKER_POLL_INTERVAL, MAX_DELAY)
                }
                _ => delays.delay(attempt - 1),
            };
            tracing::warn!(consumer = &*self.name, topic = %job.envelope.topic(), message_id = %job.envelope.id(), attempt, class = failure.class(), problem = failure.error_chain(), ?backoff, "handling a message failed, retrying");
            if !wait(backoff, &job.session).await {
                return Settlement::Released;
            }
            if !matches!(failure.disposition, Disposition::Postpone(_)) {
                attempt += 1;
            }
        }
    }

    /// Ends the attempts for a rejected message, after the last retry, or in a stop. Returns `None`
    /// if the message is retried.
    async fn give_up(
        &self,
        job: &Job,
        failure: &Failure,
        attempt: u32,
        first_failed: DateTime<Utc>,
    ) -> Option<Settlement> {
        let reason = match failure.disposition {
            Disposition::Reject => Some(DeadLetterReason::Rejected),
            Disposition::Retry | Disposition::Delay(_) if attempt > self.config.max_retries => {
                Some(DeadLetterReason::RetriesExhausted)
            }
            _ => None,
        };
        // The stop itself may have caused the failure, which must not dead-letter the message
        // (LIFE-4).
        if job.session.halt.is_cancelled() && reason != Some(DeadLetterReason::Rejected) {
            return Some(Settlement::Released);
        }
        let problem = Problem {
            reason: reason?,
            class: failure.class(),
            message: &failure.error_chain(),
            attempts: attempt,
            first_failed,
        };
        Some(self.dead_letter(job, problem).await)
    }

    /// Waits for a permit and the breaker. Returns `None` if the session ends first.
    async fn admit(&self, session: &Session) -> Option<(SemaphorePermit<'_>, Admission)> {
        loop {
            let permit = tokio::select! {
                biased;
                () = session.halt.cancelled() => return None,
                () = session.lost.cancelled() => return None,
                permit = self.permits.acquire() => permit.ok()?,
            };
            let retry_after = match self.breaker.admit(time::Instant::now().into_std()) {
                Ok(admission) => return Some((permit, admission)),
                Err(rejection) => rejection.retry_after().unwrap_or(BREAKER_POLL_INTERVAL),
            };
            drop(permit);
            if !wait(retry_after.max(BREAKER_POLL_INTERVAL), session).await {
                return None;
            }
        }
    }
}

/// Waits for `duration`. Returns `false` if the session ends first.
pub(super) async fn wait(duration: Duration, session: &Session) -> bool {
    tokio::select! {
        biased;
        () = session.halt.cancelled() => false,
        () = session.lost.cancelled() => false,
        () = time::sleep(duration) => true,
    }
}
