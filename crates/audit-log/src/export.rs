use seaworthy_data::{DataError, sql};

use crate::{AuditLog, record::Record};

/// Maximum number of records in memory.
const PAGE: i64 = 1_000;

/// Filters of an export. An absent filter matches every record.
#[derive(Debug, Clone, Default)]
pub(crate) struct Selection {
    pub(crate) since_us: Option<i64>,
    pub(crate) until_us: Option<i64>,
    pub(crate) actor: Option<String>,
    pub(crate) action: Option<String>,
    pub(crate) target: Option<String>,
}

impl AuditLog {
    /// Returns the records after a number, in order.
    pub(crate) async fn select(
        &self,
        selection: &Selection,
        after: i64,
    ) -> Result<Vec<Record>, DataError> {
        sql("SELECT * FROM audit_log WHERE sequence > ? AND at_us >= ? AND at_us < ?
             AND (? = 0 OR actor = ?) AND (? = 0 OR action = ?) AND (? = 0 OR target_id = ?) ORDER BY sequence LIMIT ?")
            .bind(after)
            .bind(selection.since_us.unwrap_or(i64::MIN))
            .bind(selection.until_us.unwrap_or(i64::MAX))
            .bind(i64::from(selection.actor.is_some()))
            .bind(selection.actor.clone().unwrap_or_default())
            .bind(i64::from(selection.action.is_some()))
            .bind(selection.action.clone().unwrap_or_default())
            .bind(i64::from(selection.target.is_some()))
            .bind(selection.target.clone().unwrap_or_default())
            .bind(PAGE)
            .fetch_all(&self.database)
            .await
    }
}
