use std::{collections::HashMap, sync::Arc};

use futures::{
    FutureExt as _,
    future::{BoxFuture, Shared, WeakShared},
};
use parking_lot::Mutex;
use seaworthy_core::Error;

/// The shared result of a load.
pub(crate) type Loaded<T> = Result<Option<Arc<T>>, Arc<Error>>;
type Running<T> = BoxFuture<'static, Loaded<T>>;

/// Runs one load per key at a time. Concurrent callers share its result. The load runs while a
/// caller waits for it.
#[derive(Debug)]
pub(crate) struct SingleFlight<T>(Mutex<HashMap<String, WeakShared<Running<T>>>>);

impl<T> Default for SingleFlight<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Send + Sync + 'static> SingleFlight<T> {
    /// Waits for the load of this key, and starts it if none runs.
    pub(crate) async fn join(&self, key: &str, load: impl FnOnce() -> Running<T>) -> Loaded<T> {
        let shared: Shared<Running<T>> = {
            let mut running = self.0.lock();
            match running.get(key).and_then(WeakShared::upgrade) {
                Some(shared) => shared,
                None => {
                    let shared = load().shared();
                    if let Some(weak) = shared.downgrade() {
                        running.insert(key.to_owned(), weak);
                    }
                    shared
                }
            }
        };
        let _cleanup = RemoveWhenDone { flights: self, key };
        shared.await
    }
}

impl<T> SingleFlight<T> {
    /// Detaches the load of this key. Callers that wait for it get its result, later callers begin
    /// another load.
    pub(crate) fn detach(&self, key: &str) {
        self.0.lock().remove(key);
    }
}

/// Removes the key when the load has ended or its last caller leaves.
struct RemoveWhenDone<'a, T> {
    flights: &'a SingleFlight<T>,
    key: &'a str,
}

impl<T> Drop for RemoveWhenDone<'_, T> {
    fn drop(&mut self) {
        let mut running = self.flights.0.lock();
        let is_over = running
            .get(self.key)
            .is_some_and(|flight| match flight.upgrade() {
                None => true,
                Some(flight) => flight.peek().is_some() || flight.strong_count() <= Some(1),
            });
        if is_over {
            running.remove(self.key);
        }
    }
}
