//! The coins of students who referred others.

use std::{sync::Arc, time::Duration};

use seaworthy::{
    client::{ClientError, HttpClient},
    core::error_chain,
    data::Database,
    prelude::*,
};
use tutoring_contract::ServiceTokens;

use crate::store::{DueReward, referrals};

/// The interval of rewards. The wallet shows the coins within a minute.
const INTERVAL: Timeout = Timeout::from_secs(5);
/// Maximum number of rewards of one step. Each needs a call.
const BATCH: u32 = 32;
/// The delay after a failed call.
const BACKOFF: Duration = Duration::from_secs(10);
/// The wallet service counts each reference once, so a repeat is a no-op.
const CREDIT: &str = "/api/v1/payments/coins/referral";
const REVERSE: &str = "/api/v1/payments/coins/referral/reverse";

/// Rewards referrers through the payment service.
struct Rewards {
    database: Database,
    payment: HttpClient,
    tokens: ServiceTokens,
}

/// Returns the worker that rewards referrers.
pub(crate) fn worker(database: Database, payment: HttpClient, tokens: ServiceTokens) -> Worker {
    let rewards = Arc::new(Rewards {
        database,
        payment,
        tokens,
    });
    Worker::in_batches_of("reward referrals", INTERVAL, &rewards, async |rewards| {
        rewards.step().await
    })
}

impl Rewards {
    /// Rewards a batch, and reverses a batch. Returns whether there may be more.
    async fn step(&self) -> Result<bool, Error> {
        let database = &self.database;
        let due = referrals::due(database, BATCH).await?;
        for reward in &due {
            if !referrals::begin(database, reward.referred_id).await? {
                continue;
            }
            match self.call(CREDIT, reward).await {
                Ok(()) => referrals::set_rewarded(database, reward).await?,
                Err(error) => self.delay(reward, &error).await?,
            }
        }
        let lost = referrals::reversals_due(database, BATCH).await?;
        for reward in &lost {
            if !referrals::begin_reversal(database, reward.referred_id).await? {
                continue;
            }
            match self.call(REVERSE, reward).await {
                Ok(()) => referrals::set_reversed(database, reward).await?,
                Err(error) => self.delay(reward, &error).await?,
            }
        }
        Ok(due.len().max(lost.len()) >= BATCH as usize)
    }

    async fn delay(&self, reward: &DueReward, error: &Error) -> Result<(), Error> {
        let (referred, error) = (reward.referred_id, error_chain(error));
        tracing::warn!(%referred, error, "the coins of a referrer could not be changed");
        Ok(referrals::delay(&self.database, reward.referred_id, BACKOFF).await?)
    }

    async fn call(&self, path: &str, reward: &DueReward) -> Result<(), Error> {
        let body = json!({ "studentId": reward.referrer_id, "referenceId": reward.reference() });
        let sent = self
            .payment
            .post(path)
            .bearer(&self.tokens.sign()?)
            .idempotent()
            .json(&body)
            .send()
            .await;
        let changed = sent.and_then(|answer| answer.success().map(drop));
        changed.map_err(|error: ClientError| Error::from(error))
    }
}
