//! The statements that list calls.

use seaworthy_data::{DataError, sql};

use crate::{Operation, OperationLog, OperationPage, OperationQuery};

/// Number of calls of a page if the query sets no size.
const DEFAULT_PAGE_SIZE: u32 = 20;
/// Maximum number of calls of a page, which has the size of a screen or a report.
const MAX_PAGE_SIZE: u32 = 100;

/// Returns the statement that reads matching calls. Each filter has a statement of its own, because
/// a condition that is always true prevents the use of an index.
macro_rules! matching {
    ($select:literal, $query:expr, $end:literal) => {{
        let query: &OperationQuery = $query;
        let statement = match &query.user_id {
            Some(user) => sql(concat!(
                $select,
                " FROM operation_logs WHERE user_id = ? AND created_us >= ? AND created_us < ?",
                $end
            ))
            .bind(user.clone()),
            None => sql(concat!(
                $select,
                " FROM operation_logs WHERE created_us >= ? AND created_us < ?",
                $end
            )),
        };
        statement
            .bind(query.from_us.unwrap_or(i64::MIN))
            .bind(query.until_us.unwrap_or(i64::MAX))
            .on_replica()
    }};
}

impl OperationLog {
    /// Lists calls, newest first, and counts all matching ones. A read replica may serve it, so the
    /// last calls may be missing.
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn list(&self, query: &OperationQuery) -> Result<OperationPage, DataError> {
        let total = self.count(query).await?;
        let operations = self.page(query).await?;
        Ok(OperationPage { operations, total })
    }

    /// Counts the calls on all pages. The database reads each of them, so cache the number if
    /// callers page through a long log.
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn count(&self, query: &OperationQuery) -> Result<u64, DataError> {
        let count = matching!("SELECT count(*)", query, "");
        let (total,): (u64,) = count.fetch_one(self.database()).await?;
        Ok(total)
    }

    /// Lists the calls of a page, newest first.
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn page(&self, query: &OperationQuery) -> Result<Vec<Operation>, DataError> {
        let size = match query.page_size {
            0 => DEFAULT_PAGE_SIZE,
            size => size.min(MAX_PAGE_SIZE),
        };
        let skipped = u64::from(query.page.max(1) - 1) * u64::from(size);
        matching!(
            "SELECT id, created_us, user_id, method, operation, target, path, content, old_value, new_value, status, result, duration_ms, request_id, trace_id, client_ip",
            query,
            " ORDER BY created_us DESC, id DESC LIMIT ? OFFSET ?"
        )
        .bind(size)
        .bind(i64::try_from(skipped).unwrap_or(i64::MAX))
        .fetch_all(self.database())
        .await
    }
}

#[cfg(test)]
mod tests {
    use seaworthy_data::{Database, DatabaseConfig, Migrator, Row};
    use seaworthy_testkit::database::EmptyDatabase;

    use super::*;
    use crate::MIGRATIONS;

    #[tokio::test]
    async fn calls_of_a_user_are_found_by_an_index_obs_11() {
        let empty = EmptyDatabase::sqlite().unwrap();
        let config = DatabaseConfig::from_url(empty.url().parse().unwrap());
        let database = Database::builder("test", config).open().await.unwrap();
        let migrator = Migrator::new(&database, &[MIGRATIONS]);
        migrator.up(false).await.unwrap();
        for (user, index) in [
            (Some("user-7"), "operation_logs_user (user_id=?"),
            (None, "operation_logs_created (created_us>?"),
        ] {
            let query = OperationQuery {
                user_id: user.map(str::to_owned),
                ..OperationQuery::default()
            };
            let plan = matching!("EXPLAIN QUERY PLAN SELECT id", &query, "");
            let rows = plan.fetch_rows(&database).await.unwrap();
            let steps = rows.iter().map(|row: &Row| row.get("detail").unwrap());
            let steps: Vec<String> = steps.collect();
            assert!(steps.concat().contains(index), "{steps:?}");
        }
    }
}
