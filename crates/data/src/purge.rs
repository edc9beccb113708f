//! Deletes expired rows of a table, page by page.

use seaworthy_core::{Error, Timeout};
use seaworthy_service::{Schedule, Worker};

use crate::{Connection, DataError, Statement};

/// Keeps the tables small at a negligible load.
const EVERY: Timeout = Timeout::from_secs(10 * 60);

/// Rows that one statement deletes: far below the statement timeout, whatever the size of the
/// table.
const PAGE_SIZE: u32 = 1_000;

/// Deletes a page of rows and returns whether more may be left. The last parameter of the
/// statement is the page size, which this function binds.
///
/// # Errors
/// [`DataError`] of the statement.
pub async fn delete_page(
    connection: &dyn Connection,
    statement: Statement,
) -> Result<bool, DataError> {
    let done = statement.bind(PAGE_SIZE).execute(connection).await?;
    Ok(done.rows_affected() >= PAGE_SIZE.into())
}

/// Returns a worker that deletes expired rows of a store, page by page. It may run on every replica.
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
    Worker::in_steps(name, Schedule::Interval(EVERY), move || {
        let purged = purge(store.clone());
        async move { purged.await.map_err(Error::from) }
    })
}
