use crate::{DataError, Transaction, sql};

/// How much the table may hold.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) entries: i64,
    pub(super) size: i64,
}

/// What is to be added, and for which caller.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub(super) share: &'a str,
    pub(super) entries: i64,
    pub(super) size: i64,
}

/// Entries, bytes, and entries that may make room. `CAST` because engines sum to types of their own.
macro_rules! shares {
    ($integer:literal) => {
        concat!(
            "count(*) AS entries, CAST(coalesce(sum(size), 0) AS ",
            $integer,
            ") AS bytes, count(CASE WHEN status IS NOT NULL OR (run_ends_ms > 0 AND run_ends_ms <= ?) THEN 1 END) AS settled"
        )
    };
}

/// The largest share of another caller that can lose something.
macro_rules! others {
    ($integer:literal, $order:literal) => {
        concat!(
            "SELECT ",
            shares!($integer),
            ", share FROM idempotency_keys WHERE share <> ? GROUP BY share",
            " HAVING count(CASE WHEN status IS NOT NULL OR (run_ends_ms > 0 AND run_ends_ms <= ?) THEN 1 END) > 0 ORDER BY ",
            $order,
            " DESC LIMIT 1"
        )
    };
}

/// Makes room: the caller with the largest share loses its answers that end first. `false` where a caller with a smaller share would have to lose one.
pub(super) async fn make_room(
    tx: &Transaction,
    limits: Limits,
    wanted: Wanted<'_>,
    now: i64,
) -> Result<bool, DataError> {
    loop {
        let (count, total): (i64, i64) =
            sql("SELECT count(*), CAST(coalesce(sum(size), 0) AS BIGINT) FROM idempotency_keys")
                .on_mysql(
                    "SELECT count(*), CAST(coalesce(sum(size), 0) AS SIGNED) FROM idempotency_keys",
                )
                .fetch_one(tx)
                .await?;
        let lacks_entries = count.saturating_add(wanted.entries) > limits.entries;
        if !lacks_entries && total.saturating_add(wanted.size) <= limits.size {
            return Ok(true);
        }
        let Some(share) = largest_share(tx, wanted, lacks_entries, now).await? else {
            return Ok(false);
        };
        let first: Option<(String,)> = sql("SELECT digest FROM idempotency_keys WHERE share = ? AND (status IS NOT NULL OR (run_ends_ms > 0 AND run_ends_ms <= ?)) ORDER BY ends_ms LIMIT 1")
            .bind(&*share)
            .bind(now)
            .fetch_optional(tx)
            .await?;
        let Some((first,)) = first else {
            return Ok(false);
        };
        sql("DELETE FROM idempotency_keys WHERE digest = ?")
            .bind(first)
            .execute(tx)
            .await?;
    }
}

/// The caller that loses an answer: the one with the largest share among those that can lose one, the wanted room counted as the caller's own. None where the caller's own
/// share is larger.
async fn largest_share(
    tx: &Transaction,
    wanted: Wanted<'_>,
    lacks_entries: bool,
    now: i64,
) -> Result<Option<String>, DataError> {
    let own: (i64, i64, i64) = sql(concat!(
        "SELECT ",
        shares!("BIGINT"),
        " FROM idempotency_keys WHERE share = ?"
    ))
    .on_mysql(concat!(
        "SELECT ",
        shares!("SIGNED"),
        " FROM idempotency_keys WHERE share = ?"
    ))
    .bind(now)
    .bind(wanted.share)
    .fetch_one(tx)
    .await?;
    let others = if lacks_entries {
        sql(others!("BIGINT", "entries")).on_mysql(others!("SIGNED", "entries"))
    } else {
        sql(others!("BIGINT", "bytes")).on_mysql(others!("SIGNED", "bytes"))
    };
    let other: Option<(i64, i64, i64, String)> = others
        .bind(now)
        .bind(wanted.share)
        .bind(now)
        .fetch_optional(tx)
        .await?;
    let (own_entries, own_size, own_settled) = own;
    let own = if lacks_entries {
        own_entries.saturating_add(wanted.entries)
    } else {
        own_size.saturating_add(wanted.size)
    };
    let other =
        other.map(|(entries, size, _, share)| (if lacks_entries { entries } else { size }, share));
    Ok(match other {
        Some((size, share)) if size > own || (size == own && own_settled == 0) => Some(share),
        _ if own_settled > 0 => Some(wanted.share.to_owned()),
        _ => None,
    })
}
