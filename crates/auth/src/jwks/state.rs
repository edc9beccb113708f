use std::{
    collections::HashSet,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use arc_swap::ArcSwapOption;
use parking_lot::Mutex;
use seaworthy_client::HttpClient;
use seaworthy_config::Settings;
use seaworthy_core::{Backoff, Timeout, error_chain};
use seaworthy_health::CheckFailure;
use seaworthy_service::{Assembly, StartError};
use seaworthy_telemetry::metrics::{Counter, Metrics};
use tokio::{sync::Semaphore, time::Instant};
use url::Url;

use super::{JwksConfig, fetch::fetch};
use crate::{
    load::load_before_ready,
    oidc,
    token::{Algorithm, ClockReading, KeySet, KeysValidity, TokenError},
};

/// The maximum number of requests that wait for newer keys. Each holds a connection. Further ones
/// get 503 immediately.
const MAX_WAITING: usize = 1_000;
/// The maximum number of unknown keys that are remembered for one key set, at most 256 bytes each.
const MAX_ABSENT_KEYS: usize = 1_000;
/// The maximum wait of the background task after a failed fetch.
const MAX_BACKOFF: Timeout = Timeout::from_secs(30);

/// The key set of one issuer. Cheap to clone. All clones share the keys.
///
/// ```no_run
/// use seaworthy_auth::{jwks::{Jwks, JwksConfig}, token::Algorithm};
/// use seaworthy_service::{Assembly, NoSettings, StartError};
///
/// # fn assemble(service: &Assembly<NoSettings>) -> Result<(), StartError> {
/// let keys = Jwks::connect(service, "login", vec![Algorithm::EdDsa], JwksConfig::default())?;
/// # drop(keys);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Jwks(Arc<Inner>);

struct Inner {
    client: HttpClient,
    algorithms: Vec<Algorithm>,
    config: JwksConfig,
    current: ArcSwapOption<FetchedKeys>,
    /// The start of the last fetch. Held during a fetch, so that other requests wait for its
    /// result instead of starting one.
    last_started: tokio::sync::Mutex<Option<Instant>>,
    waiting: Semaphore,
    /// The error of the last fetch. After an error the issuer may have newer keys.
    last_failure: Mutex<Option<String>>,
    /// The number of successful fetches.
    fetches: AtomicU64,
    /// The number of successful fetches that changed the keys.
    generation: AtomicU64,
    refreshed: Counter,
    failed: Counter,
}

/// A key set that was fetched.
struct FetchedKeys {
    keys: Arc<KeySet>,
    document: Vec<u8>,
    /// Read before the fetch, because the response may be as old as its request.
    fetched: ClockReading,
    /// Keys that requests waited for and that the set does not have.
    absent: Mutex<HashSet<KeyName>>,
}

type KeyName = (Algorithm, Option<Box<str>>);

/// A key set cannot be fetched safely with these settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JwksError {
    /// The URL is not encrypted, so an attacker on the network could replace the keys.
    #[error("the URL of the key set must begin with https:// unless its host is this machine")]
    NotEncrypted,
    /// The algorithms include HMAC. Every client can read a fetched key set, so it has no secrets.
    #[error("`algorithms` must not contain HMAC for keys that are fetched")]
    Secret,
}

impl Jwks {
    /// Creates a key set for these algorithms and fetches it in the background until the service
    /// stops. The HTTP client of this name fetches it, with the issuer as `base_url`. The service
    /// becomes ready when it has the keys. Otherwise readiness reports the cause (LIFE-3).
    ///
    /// # Errors
    /// [`StartError`] if an attacker could replace the fetched keys, if they are secrets, or if the
    /// settings of the client are invalid.
    pub fn connect<C: Settings>(
        service: &Assembly<C>,
        client: &str,
        algorithms: Vec<Algorithm>,
        config: JwksConfig,
    ) -> Result<Self, StartError> {
        let critical = config.critical;
        let fetching = service.http_client(client)?;
        let keys = Self::new(fetching, algorithms, config, service.metrics());
        let keys = keys.map_err(|error| {
            StartError::with_cause(format!("the key set of {client} cannot be fetched"), error)
        })?;
        let checked = keys.clone();
        load_before_ready(
            service,
            &format!("keys of {client}"),
            critical,
            move || checked.check(),
            keys.clone().keep_fresh(),
        );
        Ok(keys)
    }

    /// Creates a key set that nothing fetches yet.
    ///
    /// # Errors
    /// [`JwksError`] if an attacker could replace the fetched keys, or if they are secrets.
    pub(crate) fn new(
        client: HttpClient,
        algorithms: Vec<Algorithm>,
        config: JwksConfig,
        metrics: &Metrics,
    ) -> Result<Self, JwksError> {
        if !is_private(&client, &config.path) {
            return Err(JwksError::NotEncrypted);
        }
        if algorithms.iter().any(|algorithm| algorithm.is_symmetric()) {
            return Err(JwksError::Secret);
        }
        let count = |outcome: &str| {
            let labels = [("issuer", client.name()), ("outcome", outcome)];
            let help = "Fetches of an issuer's key set.";
            metrics.counter("auth_key_refreshes_total", help, &labels)
        };
        let (refreshed, failed) = (count("success"), count("failure"));
        Ok(Self(Arc::new(Inner {
            client,
            algorithms,
            config,
            current: ArcSwapOption::empty(),
            last_started: tokio::sync::Mutex::new(None),
            waiting: Semaphore::new(MAX_WAITING),
            last_failure: Mutex::new(None),
            fetches: AtomicU64::new(0),
            generation: AtomicU64::new(0),
            refreshed,
            failed,
        })))
    }

    pub(crate) fn algorithms(&self) -> &[Algorithm] {
        &self.0.algorithms
    }

    pub(crate) fn generation(&self) -> u64 {
        self.0.generation.load(Ordering::Acquire)
    }

    /// Returns the keys if the age of the last successful fetch is at most `max_stale`.
    ///
    /// # Errors
    /// [`TokenError::KeysUnavailable`] if no keys are valid.
    pub fn keys(&self) -> Result<Arc<KeySet>, TokenError> {
        self.valid_keys(ClockReading::now()).map(|(keys, _)| keys)
    }

    /// Returns the keys that are valid at `now`, and for how long they are valid.
    pub(crate) fn valid_keys(
        &self,
        now: ClockReading,
    ) -> Result<(Arc<KeySet>, KeysValidity), TokenError> {
        let current = self.0.current.load();
        let current = current.as_ref().ok_or(TokenError::KeysUnavailable)?;
        let validity = KeysValidity::new(current.fetched, self.0.config.max_stale.get());
        if !validity.contains(now) {
            return Err(TokenError::KeysUnavailable);
        }
        Ok((Arc::clone(&current.keys), validity))
    }

    /// Whether a recent fetch did not contain this key. A set that was fetched within
    /// `min_refresh_interval` counts as current.
    pub(crate) fn is_absent(&self, algorithm: Algorithm, id: Option<&str>) -> bool {
        let current = self.0.current.load();
        current.as_ref().is_some_and(|current| {
            let age = current.fetched.elapsed_until(ClockReading::now());
            age < self.0.config.min_refresh_interval.get()
                && current
                    .absent
                    .lock()
                    .contains(&(algorithm, id.map(Into::into)))
        })
    }

    /// Records that the current set lacks a key, after
    /// [`refresh_on_demand`](Self::refresh_on_demand).
    pub(crate) fn record_absent(&self, algorithm: Algorithm, id: Option<&str>) {
        if let Some(current) = self.0.current.load().as_ref() {
            let mut absent = current.absent.lock();
            if absent.len() < MAX_ABSENT_KEYS {
                absent.insert((algorithm, id.map(Into::into)));
            }
        }
    }

    /// Fetches keys that are newer than this call, at most once per `min_refresh_interval`. Calls
    /// at the same time share one fetch. A call waits until the next fetch is allowed.
    ///
    /// # Errors
    /// [`TokenError::KeysUnavailable`] if the fetch failed, if one failed within
    /// `min_refresh_interval`, or if too many calls wait. The issuer may have newer keys, so a
    /// token with an unknown key is not necessarily invalid.
    pub async fn refresh_on_demand(&self) -> Result<(), TokenError> {
        let arrived = Instant::now();
        while !self.refresh_after(arrived).await? {}
        Ok(())
    }

    /// Waits for a fetch in progress, or fetches the keys. Returns whether the fetch started at
    /// `arrived` or later. If it did not, the keys may still have changed while this call waited.
    ///
    /// # Errors
    /// As [`refresh_on_demand`](Self::refresh_on_demand).
    pub(crate) async fn refresh_after(&self, arrived: Instant) -> Result<bool, TokenError> {
        let inner = &*self.0;
        let waiting = inner.waiting.try_acquire();
        let _waiting = waiting.map_err(|_| TokenError::KeysUnavailable)?;
        let fetches = inner.fetches.load(Ordering::Acquire);
        let mut last_started = inner.last_started.lock().await;
        if last_started.is_none_or(|started| started < arrived) {
            if inner.fetches.load(Ordering::Acquire) != fetches {
                return Ok(false);
            }
            if let Some(started) = *last_started {
                let next = started + inner.config.min_refresh_interval.get();
                if self.has_failed() && Instant::now() < next {
                    return Err(TokenError::KeysUnavailable);
                }
                tokio::time::sleep_until(next).await;
            }
            *last_started = Some(Instant::now());
            let jwks = self.clone();
            // A separate task: cancelling one caller must not cancel the fetch for others, and the
            // caller's deadline does not bound the fetch.
            let _ = tokio::spawn(async move { jwks.fetch().await }).await;
        }
        if self.has_failed() {
            return Err(TokenError::KeysUnavailable);
        }
        Ok(true)
    }

    /// Fetches the keys immediately, and then every `refresh_interval`. After a failure it retries
    /// with backoff, from `min_refresh_interval` up to 30 s. It never returns.
    pub(crate) async fn keep_fresh(self) {
        let config = &self.0.config;
        let backoff = Backoff::new(config.min_refresh_interval, MAX_BACKOFF);
        let mut failures = 0;
        loop {
            let wait = if self.refresh().await {
                failures = 0;
                config.refresh_interval.get()
            } else {
                failures += 1;
                backoff.delay(failures)
            };
            tokio::time::sleep(wait).await;
        }
    }

    /// Fetches the keys, regardless of the time of the last fetch. Returns whether it succeeded.
    pub(crate) async fn refresh(&self) -> bool {
        let mut last_started = self.0.last_started.lock().await;
        *last_started = Some(Instant::now());
        self.fetch().await
    }

    /// Fails while no keys are valid, with the reason.
    pub(crate) fn check(&self) -> Result<(), CheckFailure> {
        if self.keys().is_ok() {
            return Ok(());
        }
        let failure = self.0.last_failure.lock().clone();
        Err(CheckFailure::new(failure.unwrap_or_else(|| {
            "the key set has not been fetched yet".to_owned()
        })))
    }

    fn has_failed(&self) -> bool {
        self.0.last_failure.lock().is_some()
    }

    async fn fetch(&self) -> bool {
        let inner = &*self.0;
        // A reload may have changed the URL.
        if !is_private(&inner.client, &inner.config.path) {
            *inner.last_failure.lock() = Some(JwksError::NotEncrypted.to_string());
            return false;
        }
        let fetched_at = ClockReading::now();
        match fetch(&inner.client, &inner.config.path, &inner.algorithms).await {
            Ok((keys, document)) => {
                let previous = inner.current.load();
                let is_same = previous
                    .as_ref()
                    .is_some_and(|current| current.document == document);
                inner.current.store(Some(Arc::new(FetchedKeys {
                    keys: Arc::new(keys),
                    document,
                    fetched: fetched_at,
                    absent: Mutex::default(),
                })));
                *inner.last_failure.lock() = None;
                inner.fetches.fetch_add(1, Ordering::AcqRel);
                if !is_same {
                    inner.generation.fetch_add(1, Ordering::AcqRel);
                    tracing::info!(issuer = inner.client.name(), "the issuer's keys changed");
                }
                inner.refreshed.increment();
                true
            }
            Err(error) => {
                inner.failed.increment();
                let error = error_chain(&error);
                tracing::warn!(
                    issuer = inner.client.name(),
                    error,
                    "the issuer's keys could not be fetched"
                );
                *inner.last_failure.lock() = Some(error);
                false
            }
        }
    }
}

/// Whether an attacker on the network cannot replace the keys.
fn is_private(client: &HttpClient, path: &str) -> bool {
    match &client.config().base_url {
        // The client sends every request below it.
        Some(base) => oidc::is_private(base.url()),
        None => Url::parse(path).is_ok_and(|url| oidc::is_private(&url)),
    }
}

impl fmt::Debug for Jwks {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Jwks")
            .field("issuer", &self.0.client.name())
            .finish_non_exhaustive()
    }
}
