use seaworthy_core::{Error, Timeout};
use seaworthy_data::DataError;
use seaworthy_service::{Schedule, Worker};

/// Often enough that little has gathered, seldom enough to be no load.
const EVERY: Timeout = Timeout::from_secs(10 * 60);

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
