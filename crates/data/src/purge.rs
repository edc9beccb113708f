use seaworthy_core::{Error, Timeout};
use seaworthy_service::{Schedule, Worker};

use crate::{Connection, DataError, Statement};

/// The interval of purges: tables stay small at a negligible load.
const INTERVAL: Timeout = Timeout::from_secs(10 * 60);

/// Rows that one statement deletes. It takes a fraction of the statement timeout for any
/// size of the table.
const PAGE_SIZE: u32 = 1_000;

impl Statement {
    /// Executes a `DELETE` whose last value, the `LIMIT`, is the page size of 1,000 rows. Returns
    /// whether more rows may be left.
    ///
    /// If an `UPDATE` can renew a row, repeat the condition outside of the subquery of the page.
    /// PostgreSQL evaluates only the condition of the `DELETE` again after it waits for a row lock,
    /// so without it the `DELETE` deletes a row that was renewed after the page was selected:
    ///
    /// ```sql
    /// DELETE FROM claims
    /// WHERE until_us <= {now_us}
    ///     AND id IN (SELECT id FROM claims WHERE until_us <= {now_us} LIMIT ?)
    /// ```
    ///
    /// # Errors
    /// [`DataError`] of the database.
    pub async fn delete_page(self, connection: &dyn Connection) -> Result<bool, DataError> {
        let done = self.bind(PAGE_SIZE).execute(connection).await?;
        Ok(done.rows_affected() >= PAGE_SIZE.into())
    }
}

/// Returns a worker that deletes expired rows of a store every 10 minutes, page by page, with
/// [`Statement::delete_page`]. It may run on every replica.
pub fn purge_worker<S, P>(
    name: &'static str,
    store: &S,
    purge: impl Fn(S) -> P + Send + Sync + 'static,
) -> Worker
where
    S: Clone + Send + Sync + 'static,
    P: Future<Output = Result<bool, DataError>> + Send + 'static,
{
    let store = store.clone();
    Worker::in_batches(name, Schedule::Interval(INTERVAL), move || {
        let purged = purge(store.clone());
        async move { purged.await.map_err(Error::from) }
    })
}
