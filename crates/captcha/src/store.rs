//! The table of captchas.

use aws_lc_rs::{constant_time::verify_slices_are_equal, digest};
use seaworthy_core::Timeout;
use seaworthy_data::{Connection, DataError, Database, microseconds, sql};

/// The keyed hashes of a captcha.
pub(crate) struct Stored {
    pub(crate) answer: Vec<u8>,
    pub(crate) binding: Vec<u8>,
}

/// Stores a captcha.
pub(crate) async fn insert(
    connection: &dyn Connection,
    id: &str,
    stored: &Stored,
    ttl: Timeout,
) -> Result<(), DataError> {
    sql("INSERT INTO captchas (id_hash, answer, binding, tries, until_us) VALUES (?, ?, ?, 0, {now_us} + ?)")
        .bind(hash(id))
        .bind(stored.answer.clone())
        .bind(stored.binding.clone())
        .bind(microseconds(ttl.get()))
        .execute(connection)
        .await
        .map(drop)
}

/// The state of a captcha after an answer was counted.
pub(crate) enum Counted {
    Valid(Stored),
    Expired,
    /// Unknown, used or exhausted.
    Invalid,
}

/// Counts an answer and returns the captcha.
pub(crate) async fn count(
    database: &Database,
    id: &str,
    max_attempts: u32,
) -> Result<Counted, DataError> {
    let id = hash(id);
    let counted = sql("UPDATE captchas SET tries = tries + 1 WHERE id_hash = ? AND tries < ?")
        .bind(id.clone())
        .bind(max_attempts)
        .execute(database)
        .await?;
    if counted.rows_affected() == 0 {
        return Ok(Counted::Invalid);
    }
    let found: Option<(Vec<u8>, Vec<u8>, i64)> =
        sql("SELECT answer, binding, until_us - {now_us} FROM captchas WHERE id_hash = ?")
            .bind(id)
            .fetch_optional(database)
            .await?;
    Ok(match found {
        Some((answer, binding, left)) if left > 0 => Counted::Valid(Stored { answer, binding }),
        Some(_) => Counted::Expired,
        None => Counted::Invalid,
    })
}

/// Consumes a captcha. Returns whether it existed.
pub(crate) async fn take(connection: &dyn Connection, id: &str) -> Result<bool, DataError> {
    let taken = sql("DELETE FROM captchas WHERE id_hash = ?")
        .bind(hash(id))
        .execute(connection)
        .await?;
    Ok(taken.rows_affected() > 0)
}

/// Deletes a page of expired captchas. Returns whether more may be left.
pub(crate) async fn purge(database: &Database) -> Result<bool, DataError> {
    let page = sql("DELETE FROM captchas WHERE id_hash IN (SELECT id_hash FROM captchas WHERE until_us <= {now_us} LIMIT ?)")
        .on_mysql("DELETE FROM captchas WHERE until_us <= {now_us} LIMIT ?");
    page.delete_page(database).await
}

fn hash(id: &str) -> Vec<u8> {
    digest::digest(&digest::SHA256, id.as_bytes())
        .as_ref()
        .to_vec()
}

/// Compares hashes in constant time.
pub(crate) fn is_equal(left: &[u8], right: &[u8]) -> bool {
    verify_slices_are_equal(left, right).is_ok()
}
