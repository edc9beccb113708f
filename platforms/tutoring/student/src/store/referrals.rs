use std::time::Duration;

use seaworthy::data::{
    Connection, DataError, FromRow, Row, Transaction,
    chrono::{DateTime, Utc},
    sql,
};
use uuid::Uuid;

/// A referral whose reward is due.
#[derive(Debug)]
pub(crate) struct DueReward {
    pub(crate) referred: Uuid,
    pub(crate) referrer: Uuid,
}

impl FromRow for DueReward {
    fn from_row(row: &Row) -> Result<Self, DataError> {
        Ok(Self {
            referred: row.get("referred_id")?,
            referrer: row.get("referrer_id")?,
        })
    }
}

/// Statements on referrals.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Referrals;

impl Referrals {
    /// Stores who referred a student. Returns false if the student has redeemed a code.
    pub(crate) async fn insert(
        tx: &Transaction,
        referred: Uuid,
        referrer: Uuid,
    ) -> Result<bool, DataError> {
        let inserted = sql("INSERT INTO referrals (referred_id, referrer_id, created_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING")
            .on_mysql("INSERT IGNORE INTO referrals (referred_id, referrer_id, created_at) VALUES (?, ?, ?)")
            .bind(referred)
            .bind(referrer)
            .bind(Utc::now())
            .execute(tx)
            .await?;
        Ok(inserted.rows_affected() > 0)
    }

    /// Makes the reward for a referred student due. Other students, and a repeat, are no-ops.
    pub(crate) async fn make_due(tx: &Transaction, referred: Uuid) -> Result<(), DataError> {
        sql("UPDATE referrals SET reward_due_at = ? WHERE referred_id = ? AND reward_due_at IS NULL AND rewarded_at IS NULL")
            .bind(Utc::now())
            .bind(referred)
            .execute(tx)
            .await
            .map(drop)
    }

    /// Removes a reward that is due. A reward that the referrer has stays.
    pub(crate) async fn clear_due(tx: &Transaction, referred: Uuid) -> Result<(), DataError> {
        sql("UPDATE referrals SET reward_due_at = NULL WHERE referred_id = ? AND rewarded_at IS NULL")
            .bind(referred)
            .execute(tx)
            .await
            .map(drop)
    }

    /// Returns the first rewards that are due.
    pub(crate) async fn due(
        connection: &dyn Connection,
        limit: u32,
    ) -> Result<Vec<DueReward>, DataError> {
        sql("SELECT referred_id, referrer_id FROM referrals WHERE reward_due_at <= ? ORDER BY reward_due_at, referred_id LIMIT ?")
            .bind(Utc::now())
            .bind(limit)
            .fetch_all(connection)
            .await
    }

    /// Stores that the referrer has the coins.
    pub(crate) async fn set_rewarded(
        connection: &dyn Connection,
        referred: Uuid,
    ) -> Result<(), DataError> {
        sql("UPDATE referrals SET reward_due_at = NULL, rewarded_at = ? WHERE referred_id = ?")
            .bind(Utc::now())
            .bind(referred)
            .execute(connection)
            .await
            .map(drop)
    }

    /// Delays a reward, unless a refund removed it.
    pub(crate) async fn delay(
        connection: &dyn Connection,
        referred: Uuid,
        backoff: Duration,
    ) -> Result<(), DataError> {
        let at: DateTime<Utc> = Utc::now() + backoff;
        sql("UPDATE referrals SET reward_due_at = ? WHERE referred_id = ? AND reward_due_at IS NOT NULL AND rewarded_at IS NULL")
            .bind(at)
            .bind(referred)
            .execute(connection)
            .await
            .map(drop)
    }

    /// Returns the number of students whom a student referred, and of those with a reward.
    pub(crate) async fn counts(
        connection: &dyn Connection,
        referrer: Uuid,
    ) -> Result<(u64, u64), DataError> {
        sql("SELECT COUNT(*), COUNT(rewarded_at) FROM referrals WHERE referrer_id = ?")
            .bind(referrer)
            .fetch_one(connection)
            .await
    }
}
