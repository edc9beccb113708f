use std::time::Duration;

use seaworthy_data::{Connection, DataError, sql};
use serde::Serialize;

/// The numbers of rows of an outbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub(crate) struct Status {
    /// Rows to be published.
    pub(crate) pending: i64,
    /// Dead-lettered rows.
    pub(crate) dead_letters: i64,
    /// How long the oldest pending row has waited.
    pub(crate) oldest: Duration,
}

pub(crate) async fn status(connection: &dyn Connection) -> Result<Status, DataError> {
    let (pending, dead_letters, oldest): (i64, i64, i64) = sql(
        "SELECT COUNT(CASE WHEN state < 3 THEN 1 END), COUNT(CASE WHEN state = 3 THEN 1 END),
                COALESCE({now_us} - MIN(CASE WHEN state < 3 THEN created_us END), 0) FROM outbox",
    )
    .fetch_one(connection)
    .await?;
    Ok(Status {
        pending,
        dead_letters,
        oldest: Duration::from_micros(u64::try_from(oldest).unwrap_or_default()),
    })
}
