//! The coins of students who referred others.

use std::{sync::Arc, time::Duration};

use seaworthy::{
    client::{ClientError, HttpClient},
    core::error_chain,
    data::Database,
    prelude::*,
};
use serde_json::json;
use tutoring_contract::ServiceTokens;

use crate::store::{DueReward, Referrals};

/// Short enough that the wallet shows the coins within a minute.
const INTERVAL: Timeout = Timeout::from_secs(5);
/// Rewards of one step. Each is a call.
const BATCH: u32 = 32;
/// The delay after a failed call.
const BACKOFF: Duration = Duration::from_secs(60);
/// The wallet service counts each reference once, so a repeat is a no-op.
const PATH: &str = "/api/v1/payments/coins/referral";

/// Rewards referrers through the service of wallets.
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
    Worker::in_steps(
        "reward referrals",
        Schedule::Interval(INTERVAL),
        move || {
            let rewards = Arc::clone(&rewards);
            async move { rewards.step().await }
        },
    )
}

impl Rewards {
    /// Rewards a batch. Returns whether there may be more.
    async fn step(&self) -> Result<bool, Error> {
        let due = Referrals::due(&self.database, BATCH).await?;
        for reward in &due {
            match self.credit(reward).await {
                Ok(()) => Referrals::set_rewarded(&self.database, reward.referred).await?,
                Err(error) => {
                    let (referred, error) = (reward.referred, error_chain(&error));
                    tracing::warn!(%referred, error, "a referrer was not rewarded");
                    Referrals::delay(&self.database, reward.referred, BACKOFF).await?;
                }
            }
        }
        Ok(due.len() >= BATCH as usize)
    }

    async fn credit(&self, reward: &DueReward) -> Result<(), Error> {
        let body = json!({ "studentId": reward.referrer, "referenceId": reward.referred });
        let sent = self
            .payment
            .post(PATH)
            .bearer(&self.tokens.sign()?)
            .repeatable()
            .json(&body)
            .send()
            .await;
        let credited = sent.and_then(|answer| answer.success().map(drop));
        credited.map_err(|error: ClientError| Error::from(error))
    }
}
