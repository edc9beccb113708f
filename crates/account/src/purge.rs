use seaworthy_core::{Error, Timeout};
use seaworthy_data::{Connection, DataError, Statement};
use seaworthy_service::{Schedule, Worker};

/// Keeps the tables small at a negligible load.
const EVERY: Timeout = Timeout::from_secs(10 * 60);

/// Rows that one statement deletes: far below the statement timeout, whatever the size of the
/// table.
const PAGE_SIZE: u32 = 1_000;

/// Deletes a page of rows and returns whether more may be left. The last bound value of the
/// statement is the page size.
pub(crate) async fn delete_page(
    connection: &dyn Connection,
    statement: Statement,
) -> Result<bool, DataError> {
    let done = statement.bind(PAGE_SIZE).execute(connection).await?;
    Ok(done.rows_affected() >= PAGE_SIZE.into())
}

/// A worker that deletes expired rows of a store, page by page. It may run on every replica.
pub(crate) fn purge_worker<S, P>(
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
