use std::time::Duration;

use seaworthy_data::{Connection, DataError, sql};
use serde::Serialize;

/// How an outbox is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub(crate) struct Status {
    /// Rows that are to be published.
    pub(crate) pending: i64,
    /// Rows that are set aside.
    pub(crate) parked: i64,
    /// How long the oldest row that is to be published has waited.
    pub(crate) oldest: Duration,
}

pub(crate) async fn status(connection: &dyn Connection) -> Result<Status, DataError> {
    let (pending, parked, oldest): (i64, i64, i64) = sql(
        "SELECT COUNT(CASE WHEN state < 3 THEN 1 END), COUNT(CASE WHEN state = 3 THEN 1 END),
                COALESCE({now_us} - MIN(CASE WHEN state < 3 THEN created_us END), 0) FROM outbox",
    )
    .fetch_one(connection)
    .await?;
    Ok(Status {
        pending,
        parked,
        oldest: Duration::from_micros(u64::try_from(oldest).unwrap_or_default()),
    })
}
