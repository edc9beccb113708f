//! Statements on referrals.

use std::time::Duration;

use seaworthy::data::prelude::*;

/// Maximum duration of a reward call. A reversal waits for it.
const IN_FLIGHT: Duration = Duration::from_secs(60);

/// A referral whose reward, or the reversal of its reward, is due.
#[derive(Debug, FromRow)]
pub(crate) struct DueReward {
    pub(crate) referred_id: Uuid,
    pub(crate) referrer_id: Uuid,
    /// The number of reversed rewards.
    reversals: i32,
}

impl DueReward {
    /// Returns the reference of the reward in the wallet. A reward after a reversal is another one.
    pub(crate) fn reference(&self) -> String {
        match self.reversals {
            0 => self.referred_id.to_string(),
            lost => format!("{}:{lost}", self.referred_id),
        }
    }
}

/// Stores who referred a student. Returns false if the student has redeemed a code.
pub(crate) async fn insert(tx: &Transaction, referred: Uuid, referrer: Uuid) -> DataResult<bool> {
    insert_or_ignore!("referrals (referred_id, referrer_id, created_at) VALUES ({referred}, {referrer}, {Utc::now()})")
            .changes(tx)
            .await
}

/// Makes the reward for a referred student due. A reversal that no call has started is removed, and
/// its reward stays. After a started one another reward follows, because the coins may be gone.
/// Other students, and a repeat, are no-ops.
pub(crate) async fn make_due(tx: &Transaction, referred: Uuid) -> DataResult<()> {
    sql!("UPDATE referrals SET reversal_due_at = CASE WHEN reversal_started_at IS NOT NULL THEN reversal_due_at END, reward_due_at = CASE WHEN rewarded_at IS NULL OR reversal_started_at IS NOT NULL THEN COALESCE(reward_due_at, {Utc::now()}) END WHERE referred_id = {referred}")
        .apply(tx)
        .await
}

/// Removes a reward that is due. If the referrer has the coins, or may have them soon, their
/// reversal becomes due.
pub(crate) async fn clear_due(tx: &Transaction, referred: Uuid) -> DataResult<()> {
    let now = Utc::now();
    sql!("UPDATE referrals SET reward_due_at = NULL, reversal_due_at = CASE WHEN rewarded_at IS NOT NULL THEN {now} WHEN reward_started_at IS NOT NULL THEN {now + IN_FLIGHT} END WHERE referred_id = {referred}")
        .apply(tx)
        .await
}

/// Returns the first rewards that are due.
pub(crate) async fn due(connection: &dyn Connection, limit: u32) -> DataResult<Vec<DueReward>> {
    sql!("SELECT referred_id, referrer_id, reversals FROM referrals WHERE reward_due_at <= {Utc::now()} AND reversal_started_at IS NULL ORDER BY reward_due_at, referred_id LIMIT {limit}")
        .fetch_all(connection)
        .await
}

/// Returns the first reversals that are due.
pub(crate) async fn reversals_due(
    connection: &dyn Connection,
    limit: u32,
) -> DataResult<Vec<DueReward>> {
    sql!("SELECT referred_id, referrer_id, reversals FROM referrals WHERE reversal_due_at <= {Utc::now()} ORDER BY reversal_due_at, referred_id LIMIT {limit}")
        .fetch_all(connection)
        .await
}

/// Stores that a call credits the coins. Returns `false` if a refund removed the reward.
pub(crate) async fn begin(connection: &dyn Connection, referred: Uuid) -> DataResult<bool> {
    sql!("UPDATE referrals SET reward_started_at = {Utc::now()} WHERE reward_due_at IS NOT NULL AND reversal_started_at IS NULL AND referred_id = {referred}")
        .changes(connection)
        .await
}

/// Stores that a call takes the coins. Returns `false` if a purchase removed the reversal.
pub(crate) async fn begin_reversal(
    connection: &dyn Connection,
    referred: Uuid,
) -> DataResult<bool> {
    sql!("UPDATE referrals SET reversal_started_at = {Utc::now()} WHERE reversal_due_at IS NOT NULL AND referred_id = {referred}")
        .changes(connection)
        .await
}

/// Stores that the referrer has the coins. A reversal that is due stays due.
pub(crate) async fn set_rewarded(
    connection: &dyn Connection,
    reward: &DueReward,
) -> DataResult<()> {
    sql!("UPDATE referrals SET reward_due_at = NULL, rewarded_at = {Utc::now()} WHERE referred_id = {reward.referred_id} AND reversals = {reward.reversals}")
        .apply(connection)
        .await
}

/// Stores that the coins were reversed. A reward that became due meanwhile stays due.
pub(crate) async fn set_reversed(
    connection: &dyn Connection,
    reward: &DueReward,
) -> DataResult<()> {
    sql!("UPDATE referrals SET reward_started_at = NULL, rewarded_at = NULL, reversal_due_at = NULL, reversal_started_at = NULL, reversals = reversals + 1 WHERE referred_id = {reward.referred_id} AND reversals = {reward.reversals}")
        .apply(connection)
        .await
}

/// Delays a reward or a reversal, unless a message removed it.
pub(crate) async fn delay(
    connection: &dyn Connection,
    referred: Uuid,
    backoff: Duration,
) -> DataResult<()> {
    let at: DateTime<Utc> = Utc::now() + backoff;
    sql!("UPDATE referrals SET reward_due_at = CASE WHEN reward_due_at IS NOT NULL THEN {at} END, reversal_due_at = CASE WHEN reversal_due_at IS NOT NULL THEN {at} END WHERE referred_id = {referred}")
        .apply(connection)
        .await
}

/// Returns the number of students whom a student referred, and of those with a reward.
pub(crate) async fn counts(connection: &dyn Connection, referrer: Uuid) -> DataResult<(u64, u64)> {
    sql!("SELECT COUNT(*), COUNT(rewarded_at) FROM referrals WHERE referrer_id = {referrer}")
        .fetch_one(connection)
        .await
}
