use seaworthy_core::Error;
use seaworthy_data::{Database, FromColumn as _, Value, sql, uuid::Uuid};
use serde::Serialize;

use crate::{Encrypted, Rewrapped, Sealer};

/// Rows that are held in memory at a time.
const PAGE: i64 = 500;

/// What the rows of a table are ordered and found by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowKey {
    /// A whole number.
    Integer,
    /// A text.
    Text,
    /// A UUID.
    Uuid,
}

impl RowKey {
    /// Before every key, but for the text that is empty and the UUID that is nil, which are none.
    fn before_all(self) -> Value {
        match self {
            Self::Integer => i64::MIN.into(),
            Self::Text => "".into(),
            Self::Uuid => Uuid::nil().into(),
        }
    }
}

/// A column whose values are encrypted, and how to walk over it.
///
/// ```
/// use seaworthy_crypto::{EncryptedColumn, RowKey};
///
/// const PHONES: EncryptedColumn = EncryptedColumn {
///     name: "users.phone",
///     key: RowKey::Integer,
///     select: "SELECT id, phone FROM users WHERE id > ? AND phone IS NOT NULL ORDER BY id LIMIT ?",
///     update: "UPDATE users SET phone = ? WHERE id = ? AND phone = ?",
/// };
/// # drop(PHONES);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct EncryptedColumn {
    /// What it is called in reports.
    pub name: &'static str,
    /// What its rows are ordered by.
    pub key: RowKey,
    /// Selects key and value of the rows after a key (the first `?`) in their order, at most so many (the second).
    pub select: &'static str,
    /// Sets the value (the first `?`) of the row with a key (the second) where it is still what was read (the third), so that a change at the same moment is not undone.
    pub update: &'static str,
}

/// What became of a column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RewrapReport {
    /// The column.
    pub column: &'static str,
    /// Values that were looked at.
    pub seen: u64,
    /// Values whose key is wrapped by the key in use now and was not before.
    pub changed: u64,
}

/// Wraps the data keys of a column's values anew by the key-encryption key in use. Values are not decrypted. It may be stopped at any point and run again; services may read and write meanwhile.
///
/// # Errors
/// The database's, that of the keys, or a value that is no envelope.
pub async fn rewrap(
    database: &Database,
    sealer: &Sealer,
    column: &EncryptedColumn,
    mut progress: impl FnMut(&RewrapReport) + Send,
) -> Result<RewrapReport, Error> {
    let mut report = RewrapReport {
        column: column.name,
        seen: 0,
        changed: 0,
    };
    let mut last = column.key.before_all();
    loop {
        let rows: Vec<(Value, Value)> = sql(column.select)
            .bind(last.clone())
            .bind(PAGE)
            .fetch_all(database)
            .await?;
        let Some((end, _)) = rows.last() else {
            return Ok(report);
        };
        last = end.clone();
        for (key, stored) in rows {
            report.seen += 1;
            let value = Encrypted::<()>::from_value(stored.clone())?;
            let Rewrapped::Changed(envelope) = sealer.rewrap(value.envelope()).await? else {
                continue;
            };
            let fresh = match stored {
                Value::Bytes(_) => Value::from(envelope.to_bytes()?),
                _ => Value::from(envelope.to_string()),
            };
            let done = sql(column.update)
                .bind(fresh)
                .bind(key)
                .bind(stored)
                .execute(database)
                .await?;
            report.changed += done.rows_affected();
        }
        progress(&report);
    }
}
