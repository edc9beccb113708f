use std::collections::BTreeMap;

use seaworthy_core::Error;
use seaworthy_data::{Database, FromColumn as _, Value, sql, uuid::Uuid};
use serde::Serialize;

use crate::{Encrypted, KeyId, Rewrapped, Sealer};

/// Maximum number of rows in memory.
const PAGE: i64 = 500;

/// The type of the primary key of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowKey {
    /// An integer.
    Integer,
    /// Text.
    Text,
    /// A UUID.
    Uuid,
}

impl RowKey {
    /// Returns a value before every key. The empty text and the nil UUID are not valid keys.
    fn before_all(self) -> Value {
        match self {
            Self::Integer => i64::MIN.into(),
            Self::Text => "".into(),
            Self::Uuid => Uuid::nil().into(),
        }
    }
}

/// An encrypted column, and the statements that read and update it.
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
    /// The name in reports.
    pub name: &'static str,
    /// The type of the key that orders the rows.
    pub key: RowKey,
    /// Selects key and value of the rows after a key (the first `?`), limited to a number (the
    /// second).
    pub select: &'static str,
    /// Sets the value (the first `?`) of the row with a key (the second), if it is unchanged (the
    /// third). A concurrent change is therefore kept.
    pub update: &'static str,
}

/// The result for a column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RewrapReport {
    /// The name of the column.
    pub column: &'static str,
    /// The number of values that were read.
    pub seen: u64,
    /// The number of values whose data key was rewrapped with the active key.
    pub changed: u64,
}

/// Rewraps the data keys of a column with the active key-encryption key, without decrypting values.
/// You can stop and repeat it at any point, while services read and write.
///
/// # Errors
/// An error of the database or of the keys, or a value that is not an envelope.
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
        let rows = page(database, column, &last).await?;
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

/// Counts the values of a column by the name of their key.
pub(crate) async fn keys_in_use(
    database: &Database,
    column: &EncryptedColumn,
    uses: &mut BTreeMap<KeyId, u64>,
) -> Result<(), Error> {
    let mut last = column.key.before_all();
    loop {
        let rows = page(database, column, &last).await?;
        let Some((end, _)) = rows.last() else {
            return Ok(());
        };
        last = end.clone();
        for (_, stored) in rows {
            let value = Encrypted::<()>::from_value(stored)?;
            *uses.entry(value.envelope().key_id().clone()).or_default() += 1;
        }
    }
}

/// Reads the page of rows after a key.
async fn page(
    database: &Database,
    column: &EncryptedColumn,
    last: &Value,
) -> Result<Vec<(Value, Value)>, Error> {
    let rows = sql(column.select).bind(last.clone()).bind(PAGE);
    Ok(rows.fetch_all(database).await?)
}
