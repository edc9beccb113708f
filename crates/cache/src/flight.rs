use std::{collections::HashMap, sync::Arc};

use futures::{
    FutureExt as _,
    future::{BoxFuture, Shared, WeakShared},
};
use parking_lot::Mutex;
use seaworthy_core::Error;

/// What a source answers. Many get it.
pub(crate) type Loaded<T> = Result<Option<Arc<T>>, Arc<Error>>;
type Running<T> = BoxFuture<'static, Loaded<T>>;

/// One load at a time for each key; all who want it while it runs get its answer. It runs as long as anybody waits.
#[derive(Debug)]
pub(crate) struct SingleFlight<T>(Mutex<HashMap<String, WeakShared<Running<T>>>>);

impl<T> Default for SingleFlight<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Send + Sync + 'static> SingleFlight<T> {
    /// Joins the load of this key, or begins it.
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
        let _landed = Landed { flights: self, key };
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

/// Takes the key out when the last who waited has gone.
struct Landed<'a, T> {
    flights: &'a SingleFlight<T>,
    key: &'a str,
}

impl<T> Drop for Landed<'_, T> {
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
