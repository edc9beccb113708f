use std::time::Duration;

use seaworthy_data::DataError;
use seaworthy_messaging::{Envelope, PublishError, Topic};
use tokio::time::{Instant, sleep, sleep_until, timeout_at};

use super::{
    disposition::disposition,
    run::{Outcome, Parts, Relay},
};
use crate::store::{
    RowId,
    claim::{Claim, ClaimedBatch, renew},
    settle::{Disposition, settle},
};

/// Maximum duration of a publication. A publisher fails sooner. Without this limit, a broker that
/// never responds would keep its partitions claimed.
const MAX_PUBLISH_TIME: Duration = Duration::from_secs(60);

/// A batch below its maximum size divided by this is small. The relay then lingers, as many small
/// batches cost the database more than few large ones.
const SMALL_BATCH_DIVISOR: u32 = 4;

impl Relay {
    /// Publishes a claimed batch and stores the results. `claimed_at` is a moment before the claim.
    pub(super) async fn publish(
        &self,
        batch: ClaimedBatch,
        claimed_at: Instant,
    ) -> Result<Outcome, DataError> {
        let Parts {
            outbox,
            config,
            full_topics,
            ..
        } = &*self.0;
        let mut settled = Vec::with_capacity(batch.rows.len());
        let mut envelopes = Vec::with_capacity(batch.rows.len());
        let mut rows = Vec::with_capacity(batch.rows.len());
        for row in batch.rows {
            match &row.envelope {
                Ok(envelope) => {
                    envelopes.push(envelope.clone());
                    rows.push(row);
                }
                Err(problem) => settled.push((
                    row.id(),
                    Disposition::DeadLetter {
                        problem: format!("the row cannot be read: {problem}"),
                    },
                )),
            }
        }
        let topics: Vec<Topic> = envelopes.iter().map(Envelope::topic).cloned().collect();
        let mut results = self
            .publish_while_claimed(&batch.claim, claimed_at, envelopes)
            .await;
        let missing = || Err(PublishError::unavailable("the broker did not respond"));
        results.resize_with(rows.len(), missing);
        full_topics.record(topics.iter().zip(&results));
        for (row, result) in rows.iter().zip(&results) {
            settled.push((row.id(), disposition(row, result, config, full_topics)));
        }
        settle(&outbox.database, &batch.claim, &settled).await?;
        Ok(self.record(&settled, batch.has_more))
    }

    /// Publishes while the claim is valid. Returns an empty list if the claim ends first.
    async fn publish_while_claimed(
        &self,
        claim: &Claim,
        claimed_at: Instant,
        envelopes: Vec<Envelope>,
    ) -> Vec<Result<(), PublishError>> {
        tokio::select! {
            results = self.0.target.publish(envelopes) => results,
            () = self.keep_claim(claim, claimed_at) => Vec::new(),
        }
    }

    /// Renews a claim after each third of its TTL. Returns when another relay has the partitions,
    /// when no renewal has succeeded for two thirds of the TTL, or after [`MAX_PUBLISH_TIME`].
    async fn keep_claim(&self, claim: &Claim, claimed_at: Instant) {
        let Parts { outbox, config, .. } = &*self.0;
        let ttl = config.claim_ttl.get();
        let deadline = claimed_at + MAX_PUBLISH_TIME;
        let mut renewed_at = claimed_at;
        loop {
            let next = renewed_at + ttl / 3;
            if next >= deadline {
                sleep_until(deadline).await;
                return;
            }
            sleep_until(next).await;
            let valid_until = renewed_at + ttl / 3 * 2;
            let started = Instant::now();
            let renewing = async {
                loop {
                    match renew(&outbox.database, claim, ttl).await {
                        Ok(is_ours) => return is_ours,
                        Err(error) => {
                            tracing::warn!(%error, "an outbox relay cannot renew its claim in the database")
                        }
                    }
                    sleep(ttl / 20).await;
                }
            };
            match timeout_at(valid_until, renewing).await {
                Ok(true) => renewed_at = started,
                Ok(false) | Err(_) => return,
            }
        }
    }

    fn record(&self, settled: &[(RowId, Disposition)], has_more: bool) -> Outcome {
        let metrics = &self.0.outbox.metrics;
        let small = usize::try_from(self.batch_size() / SMALL_BATCH_DIVISOR);
        let mut outcome = if !has_more && settled.len() < small.unwrap_or(usize::MAX) {
            Outcome::SmallBatch
        } else {
            Outcome::LargeBatch
        };
        for (RowId { sequence, .. }, disposition) in settled {
            match disposition {
                Disposition::Published => metrics.sent.increment(),
                Disposition::Retry { problem, .. } => {
                    metrics.retried.increment();
                    tracing::warn!(
                        sequence,
                        problem,
                        "the broker rejected an event, so the relay retries it"
                    );
                }
                Disposition::Delayed { problem, .. } => {
                    metrics.retried.increment();
                    tracing::warn!(
                        sequence,
                        problem,
                        "the queue of an event is full, so the relay delays the event"
                    );
                }
                Disposition::DeadLetter { problem } => {
                    metrics.dead_lettered.increment();
                    tracing::error!(
                        sequence,
                        problem,
                        "the relay dead-lettered an event: list it with the command `outbox list`"
                    );
                }
                Disposition::Unavailable => outcome = Outcome::BrokerUnavailable,
                Disposition::Deferred => {}
            }
        }
        outcome
    }
}
