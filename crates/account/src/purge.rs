use seaworthy_core::{Error, Timeout};
use seaworthy_data::{Connection, DataError, Statement};
use seaworthy_service::{Schedule, Worker};

/// Often enough that little has gathered, seldom enough to be no load.
const EVERY: Timeout = Timeout::from_secs(10 * 60);

/// Rows that one statement deletes: far below the statement timeout, whatever the size of the
/// table.
const PAGE_SIZE: u32 = 1_000;

/// Runs a statement that deletes a page of rows until a page is not full. The last bound value is
/// the page size. Each page is its own transaction, so an interrupted purge keeps its progress.
pub(crate) async fn delete_in_pages(
    connection: &dyn Connection,
    statement: impl Fn() -> Statement,
) -> Result<(), DataError> {
    loop {
        let page = statement().bind(PAGE_SIZE);
        if page.execute(connection).await?.rows_affected() < PAGE_SIZE.into() {
            return Ok(());
        }
    }
}

/// A worker that removes what is over from a store. It may run on every replica.
pub(crate) fn purge_worker<S, P>(
    name: &'static str,
    store: &S,
    purge: impl Fn(S) -> P + Send + Sync + 'static,
) -> Worker
where
    S: Clone + Send + Sync + 'static,
    P: Future<Output = Result<(), DataError>> + Send + 'static,
{
    let store = store.clone();
    Worker::new(name, Schedule::Interval(EVERY), move |_| {
        let purged = purge(store.clone());
        async move { purged.await.map_err(Error::from) }
    })
}
