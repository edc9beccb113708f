//! Keeps the table within its limits.
//!
//! Each process caches a count of the table for a second and adds its own keys to it. So most keys
//! do not need a count. When the table is full, one step deletes a page of responses.

use std::{num::NonZeroU32, time::Duration};

use parking_lot::Mutex;
use tokio::time::Instant;

use super::eviction::{Candidate, RequiredSpace, Share, Used, choose};
use crate::{DataError, Transaction, sql};

/// How long a process uses a count. The table may exceed its limits by the keys that other replicas
/// add in this time.
const COUNT_TTL: Duration = Duration::from_secs(1);
/// Maximum number of expired rows that one statement deletes.
const EXPIRED_PAGE: i64 = 1_000;
/// Maximum number of callers, those with the largest shares, that one step considers.
const MAX_SHARES: i64 = 32;
/// Maximum number of responses of one caller that one step considers.
const MAX_CANDIDATES: i64 = 100;
/// Divisor of the part of a limit that an eviction frees in addition, so that the next keys do
/// not need an eviction.
const SPARE_PART: i64 = 100;

/// How much the table may hold.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) entries: i64,
    pub(super) size: i64,
}

/// The space that a caller adds to the table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Demand<'a> {
    pub(super) share: &'a str,
    pub(super) entries: i64,
    pub(super) size: i64,
}

/// The limits of the table, and its last count.
#[derive(Debug)]
pub(super) struct Capacity {
    limits: Limits,
    /// Maximum number of candidates that one statement may return.
    max_candidates: i64,
    counted: Mutex<Option<Counted>>,
}

#[derive(Debug, Clone, Copy)]
struct Counted {
    at: Instant,
    used: Used,
}

impl Capacity {
    /// Creates the limits of a table whose statements return at most `max_rows` rows.
    pub(super) fn new(limits: Limits, max_rows: NonZeroU32) -> Self {
        Self {
            limits,
            max_candidates: (MAX_SHARES * MAX_CANDIDATES).min(max_rows.get().into()),
            counted: Mutex::new(None),
        }
    }

    /// Makes room by deleting responses of the caller with the largest share, the ones that expire
    /// first. Returns `false` if a caller with a smaller share would lose a response.
    pub(super) async fn free_space(
        &self,
        tx: &Transaction,
        demand: Demand<'_>,
        now: i64,
    ) -> Result<bool, DataError> {
        if self.add(demand) {
            return Ok(true);
        }
        if demand.size > self.limits.size {
            return Ok(false);
        }
        delete_expired(tx, now).await?;
        loop {
            let used = count(tx).await?;
            let Some(required) = self.lacking(used, demand) else {
                let used = used.with(demand.entries, demand.size);
                let at = Instant::now();
                *self.counted.lock() = Some(Counted { at, used });
                return Ok(true);
            };
            let shares = shares(tx, required, demand, now).await?;
            let candidates = candidates(tx, &shares, self.max_candidates, now).await?;
            let digests = choose(required, shares, candidates, demand);
            if digests.is_empty() {
                return Ok(false);
            }
            sql("DELETE FROM idempotency_keys WHERE digest IN (?*)")
                .bind_list(digests)
                .execute(tx)
                .await?;
        }
    }

    /// Adds to the last count. Returns `false` if the count is too old, or the limits are reached.
    fn add(&self, demand: Demand<'_>) -> bool {
        let mut counted = self.counted.lock();
        let Some(counted) = counted
            .as_mut()
            .filter(|counted| counted.at.elapsed() < COUNT_TTL)
        else {
            return false;
        };
        if self.lacking(counted.used, demand).is_some() {
            return false;
        }
        counted.used = counted.used.with(demand.entries, demand.size);
        true
    }

    /// Returns the entries or bytes that an eviction must free. It frees entries first.
    fn lacking(&self, used: Used, demand: Demand<'_>) -> Option<RequiredSpace> {
        let used = used.with(demand.entries, demand.size);
        let (entries, size) = (
            used.entries - self.limits.entries,
            used.size - self.limits.size,
        );
        if entries > 0 {
            let spare = self.limits.entries / SPARE_PART;
            return Some(RequiredSpace::Entries(entries + spare.min(MAX_CANDIDATES)));
        }
        (size > 0).then(|| RequiredSpace::Size(size + self.limits.size / SPARE_PART))
    }
}

/// Deletes a page of expired rows. Rows that another transaction deletes are skipped.
async fn delete_expired(tx: &Transaction, now: i64) -> Result<(), DataError> {
    sql("DELETE FROM idempotency_keys WHERE digest IN (SELECT digest FROM idempotency_keys WHERE ends_ms <= ? ORDER BY ends_ms LIMIT ?)")
        .on_postgres("DELETE FROM idempotency_keys WHERE digest IN (SELECT digest FROM idempotency_keys WHERE ends_ms <= ? ORDER BY ends_ms LIMIT ? FOR UPDATE SKIP LOCKED)")
        .on_mysql("DELETE FROM idempotency_keys WHERE ends_ms <= ? ORDER BY ends_ms LIMIT ?")
        .bind(now)
        .bind(EXPIRED_PAGE)
        .execute(tx)
        .await
        .map(drop)
}

/// Counts the table. `CAST`, because the engines return sums of different types.
async fn count(tx: &Transaction) -> Result<Used, DataError> {
    let (entries, size) =
        sql("SELECT count(*), CAST(coalesce(sum(size), 0) AS BIGINT) FROM idempotency_keys")
            .on_mysql(
                "SELECT count(*), CAST(coalesce(sum(size), 0) AS SIGNED) FROM idempotency_keys",
            )
            .fetch_one(tx)
            .await?;
    Ok(Used { entries, size })
}

/// The condition of rows that may be evicted: a response, or a call whose time has passed. The
/// placeholder is the current time.
macro_rules! is_settled {
    () => {
        "(status IS NOT NULL OR (run_ends_ms > 0 AND run_ends_ms <= ?))"
    };
}

/// Selects the share of the caller, and the largest shares of others by the column `$by`.
macro_rules! select_shares {
    ($integer:literal, $by:literal) => {
        concat!(
            "SELECT share, count(*) AS entries, CAST(coalesce(sum(size), 0) AS ",
            $integer,
            ") AS bytes FROM idempotency_keys GROUP BY share HAVING share = ? OR count(CASE WHEN ",
            is_settled!(),
            " THEN 1 END) > 0 ORDER BY CASE WHEN share = ? THEN 0 ELSE 1 END, ",
            $by,
            " DESC LIMIT ?"
        )
    };
}

/// Returns the share of the caller, and the largest shares of others that can lose a response.
async fn shares(
    tx: &Transaction,
    required: RequiredSpace,
    demand: Demand<'_>,
    now: i64,
) -> Result<Vec<Share>, DataError> {
    let select = match required {
        RequiredSpace::Entries(_) => {
            sql(select_shares!("BIGINT", "entries")).on_mysql(select_shares!("SIGNED", "entries"))
        }
        RequiredSpace::Size(_) => {
            sql(select_shares!("BIGINT", "bytes")).on_mysql(select_shares!("SIGNED", "bytes"))
        }
    };
    let rows: Vec<(String, i64, i64)> = select
        .bind(demand.share)
        .bind(now)
        .bind(demand.share)
        .bind(MAX_SHARES + 1)
        .fetch_all(tx)
        .await?;
    let share = |(name, entries, size)| Share {
        name,
        used: Used { entries, size },
    };
    Ok(rows.into_iter().map(share).collect())
}

/// Returns the rows of these callers that may be evicted, the ones that expire first.
async fn candidates(
    tx: &Transaction,
    shares: &[Share],
    limit: i64,
    now: i64,
) -> Result<Vec<Candidate>, DataError> {
    if shares.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<(String, String, i64)> = sql(concat!(
        "SELECT digest, share, size FROM (SELECT digest, share, size,
            row_number() OVER (PARTITION BY share ORDER BY ends_ms) AS place FROM idempotency_keys
         WHERE share IN (?*) AND ",
        is_settled!(),
        ") AS ranked WHERE place <= ? ORDER BY place LIMIT ?"
    ))
    .bind_list(shares.iter().map(|share| share.name.as_str()))
    .bind(now)
    .bind(MAX_CANDIDATES)
    .bind(limit)
    .fetch_all(tx)
    .await?;
    let candidate = |(digest, share, size)| Candidate {
        digest,
        share,
        size,
    };
    Ok(rows.into_iter().map(candidate).collect())
}
