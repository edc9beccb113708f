use std::{fmt, future::Future, sync::Arc, time::Duration};

use rand::RngExt as _;
use seaworthy_core::Error;
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    cache::Cache,
    config::EntryConfig,
    metrics::Outcome,
    single_flight::{Loaded, SingleFlight},
    store::{Found, Token},
};

/// The stored entry of an entity that does not exist.
const ABSENT: &[u8] = b"-";
/// The first byte of an entry with a JSON value.
const PRESENT: u8 = b'+';

/// Entries of one kind. Cheap to clone. All clones share their loads.
pub struct Entries<T>(Arc<Inner<T>>);

struct Inner<T> {
    cache: Cache,
    kind: &'static str,
    config: EntryConfig,
    flights: SingleFlight<T>,
}

impl<T> Entries<T> {
    pub(crate) fn new(cache: Cache, kind: &'static str, config: EntryConfig) -> Self {
        Self(Arc::new(Inner {
            cache,
            kind,
            config,
            flights: SingleFlight::default(),
        }))
    }

    /// Removes an entry. Call it after its source has changed. A load that began earlier does not
    /// restore the old value: its result is not stored, and later readers do not join it. If the
    /// store is unavailable, the entry expires after its TTL.
    ///
    /// A reader in another process may still join an older load of that process.
    pub async fn invalidate(&self, key: &str) {
        let inner = &*self.0;
        let step = inner.cache.0.metrics.begin("invalidate", inner.kind);
        let name = inner.name(key);
        // This also runs if the call is dropped while it waits for the store.
        inner.flights.detach(&name);
        let done = inner.cache.guarded(inner.cache.0.store.remove(&name)).await;
        // A load that began in between may have read the entry from the store.
        inner.flights.detach(&name);
        step.end(done.map_or(Outcome::Failed, |()| Outcome::Done));
    }
}

impl<T: Serialize + DeserializeOwned + Send + Sync + 'static> Entries<T> {
    /// Returns the entry, or the result of `load`: `None` if the source has no such entity. Of all
    /// concurrent callers in this process that do not find an entry, the first one calls `load`, in
    /// its own request context. If the cache is unavailable, each call loads.
    ///
    /// # Errors
    /// The error of `load`, with its public part, for all callers that waited for it. The cache
    /// does not store it.
    pub async fn get_or_load<L, F>(&self, key: &str, load: L) -> Result<Option<Arc<T>>, Error>
    where
        L: FnOnce() -> F,
        F: Future<Output = Result<Option<T>, Error>> + Send + 'static,
    {
        let name = self.0.name(key);
        let begin = || {
            let (inner, name, load) = (Arc::clone(&self.0), name.clone(), load());
            let fetch: futures::future::BoxFuture<'static, Loaded<T>> =
                Box::pin(async move { inner.fetch(&name, load).await });
            fetch
        };
        self.0.flights.join(&name, begin).await.map_err(shared)
    }
}

impl<T> Inner<T> {
    fn name(&self, key: &str) -> String {
        format!("{}:{key}", self.kind)
    }
}

impl<T: Serialize + DeserializeOwned> Inner<T> {
    async fn fetch(
        &self,
        name: &str,
        load: impl Future<Output = Result<Option<T>, Error>>,
    ) -> Loaded<T> {
        let token = match self.read(name).await {
            Some(Read::Entry(entry)) => return Ok(entry.map(Arc::new)),
            Some(Read::Nothing(token)) => Some(token),
            None => None,
        };
        let loaded = load.await.map_err(Arc::new)?;
        if let Some(token) = token {
            self.fill(name, token, loaded.as_ref()).await;
        }
        Ok(loaded.map(Arc::new))
    }

    async fn read(&self, name: &str) -> Option<Read<T>> {
        let step = self.cache.0.metrics.begin("read", self.kind);
        let found = self.cache.guarded(self.cache.0.store.read(name)).await;
        let read = found.map(|found| match found {
            Found::Nothing(token) => Some(Read::Nothing(token)),
            Found::Entry(bytes) => decoded(&bytes).map(Read::Entry),
        });
        step.end(match &read {
            None | Some(None) => Outcome::Failed,
            Some(Some(Read::Entry(_))) => Outcome::Hit,
            Some(Some(Read::Nothing(_))) => Outcome::Miss,
        });
        if let Some(None) = read {
            // Another version of this service may have written the entry. The next caller fills it.
            tracing::warn!(kind = self.kind, "an unreadable cache entry is removed");
            self.cache.guarded(self.cache.0.store.remove(name)).await;
        }
        read.flatten()
    }

    async fn fill(&self, name: &str, token: Token, value: Option<&T>) {
        let ttl = match value {
            Some(_) => self.config.ttl,
            None => self.config.negative_ttl,
        };
        let Some(entry) = encoded(value) else {
            tracing::warn!(
                kind = self.kind,
                "a cache entry cannot be written as JSON and is not stored"
            );
            return;
        };
        if u64::try_from(entry.len()).unwrap_or(u64::MAX) > self.config.max_entry_size.get() {
            return;
        }
        let ttl = jittered(ttl.get(), self.config.jitter.get());
        let step = self.cache.0.metrics.begin("fill", self.kind);
        let filled = self.cache.0.store.fill(name, token, entry, ttl);
        let done = self.cache.guarded(filled).await;
        step.end(done.map_or(Outcome::Failed, |_| Outcome::Done));
    }
}

enum Read<T> {
    Entry(Option<T>),
    Nothing(Token),
}

fn decoded<T: DeserializeOwned>(bytes: &[u8]) -> Option<Option<T>> {
    match bytes {
        ABSENT => Some(None),
        [PRESENT, json @ ..] => serde_json::from_slice(json).ok().map(Some),
        _ => None,
    }
}

fn encoded<T: Serialize>(value: Option<&T>) -> Option<Vec<u8>> {
    let Some(value) = value else {
        return Some(ABSENT.to_vec());
    };
    let mut bytes = vec![PRESENT];
    serde_json::to_writer(&mut bytes, value).ok()?;
    Some(bytes)
}

/// Returns `ttl` minus up to the share `jitter`, at random.
fn jittered(ttl: Duration, jitter: f64) -> Duration {
    ttl.mul_f64(1.0 - jitter * rand::rng().random::<f64>())
}

/// Copies the public part of an error for one of many callers. The error itself is the cause.
fn shared(error: Arc<Error>) -> Error {
    let code = error.code();
    let (reason, message) = (error.reason().to_owned(), error.message().to_owned());
    let mut copy = Error::new(code, reason, message);
    if let Some(wait) = error.retry_after() {
        copy = copy.with_retry_after(wait);
    }
    copy.with_cause(error)
}

impl<T> Clone for Entries<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> fmt::Debug for Entries<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("Entries")
            .field(&self.0.kind)
            .finish()
    }
}
