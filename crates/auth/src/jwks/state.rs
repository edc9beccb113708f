use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use arc_swap::ArcSwapOption;
use seaworthy_client::HttpClient;
use seaworthy_telemetry::metrics::{Counter, Metrics};
use tokio::{sync::Mutex, time::Instant};
use url::Url;

use super::{JwksConfig, fetch::fetch};
use crate::{
    oidc,
    token::{Algorithm, KeySet, TokenError},
};

/// The keys of one issuer, kept fresh. Cheap to clone; all clones share the keys.
///
/// ```no_run
/// use seaworthy_auth::{jwks::{Jwks, JwksConfig}, token::Algorithm};
/// use seaworthy_client::HttpClient;
/// use seaworthy_telemetry::metrics::Metrics;
///
/// # async fn start(login: HttpClient) -> Result<(), Box<dyn std::error::Error>> {
/// let keys = Jwks::new(login, vec![Algorithm::EdDsa], JwksConfig::default(), &Metrics::new())?;
/// tokio::spawn(keys.clone().keep_fresh());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Jwks(Arc<Inner>);

struct Inner {
    client: HttpClient,
    algorithms: Vec<Algorithm>,
    config: JwksConfig,
    known: ArcSwapOption<Known>,
    /// When it was last asked for. Held while it is: those who come meanwhile wait for that answer and ask no second time.
    asked: Mutex<Option<Instant>>,
    /// Whether the last fetch failed, so that the issuer may have unknown newer keys.
    last_failed: AtomicBool,
    generation: AtomicU64,
    refreshed: Counter,
    failed: Counter,
}

struct Known {
    keys: Arc<KeySet>,
    document: Vec<u8>,
    at: Instant,
}

/// A key set that cannot be fetched safely.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JwksError {
    /// Whoever is on the way could give us keys of their own.
    #[error("the key set has no address that begins with https://, and it is not on this machine")]
    NotEncrypted,
    /// A key set that others can read holds no secrets.
    #[error("keys that are fetched are public, and the algorithms include HMAC")]
    Secret,
}

impl Jwks {
    /// Keys for these algorithms, fetched by a client whose `base_url` is that of the issuer. Nothing is asked for yet.
    ///
    /// # Errors
    /// [`JwksError`] when what would be fetched could not be trusted.
    pub fn new(
        client: HttpClient,
        algorithms: Vec<Algorithm>,
        config: JwksConfig,
        metrics: &Metrics,
    ) -> Result<Self, JwksError> {
        if !is_private(&client, &config.path) {
            return Err(JwksError::NotEncrypted);
        }
        if algorithms.iter().any(|one| one.is_symmetric()) {
            return Err(JwksError::Secret);
        }
        let count = |outcome: &str| {
            let labels = [("issuer", client.name()), ("outcome", outcome)];
            let help = "Times that the keys of an issuer were asked for.";
            metrics.counter("auth_key_refreshes_total", help, &labels)
        };
        let (refreshed, failed) = (count("success"), count("failure"));
        Ok(Self(Arc::new(Inner {
            client,
            algorithms,
            config,
            known: ArcSwapOption::empty(),
            asked: Mutex::new(None),
            last_failed: AtomicBool::new(true),
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

    /// The keys, if they are not too old to be believed.
    ///
    /// # Errors
    /// [`TokenError::KeysUnavailable`] while there are none.
    pub fn keys(&self) -> Result<Arc<KeySet>, TokenError> {
        self.believed().map(|(keys, _)| keys)
    }

    /// The same, and until when they are believed if nobody can be asked for newer ones; `None` is for ever.
    pub(crate) fn believed(&self) -> Result<(Arc<KeySet>, Option<Instant>), TokenError> {
        let known = self.0.known.load();
        let known = known.as_ref().ok_or(TokenError::KeysUnavailable)?;
        let until = known.at.checked_add(self.0.config.max_stale.get());
        if until.is_some_and(|until| Instant::now() > until) {
            return Err(TokenError::KeysUnavailable);
        }
        Ok((Arc::clone(&known.keys), until))
    }

    /// Fetches the keys, unless they were fetched within `demand_interval`. In that case it only
    /// waits for a fetch in progress.
    ///
    /// # Errors
    /// [`TokenError::KeysUnavailable`] if the last fetch failed: the issuer may have newer keys, so
    /// an unknown key does not make the token invalid.
    pub async fn refresh_on_demand(&self) -> Result<(), TokenError> {
        let mut asked = self.0.asked.lock().await;
        let interval = self.0.config.demand_interval.get();
        if asked.is_none_or(|asked| asked.elapsed() >= interval) {
            *asked = Some(Instant::now());
            let jwks = self.clone();
            // A separate task: cancelling one caller must not cancel the fetch for others, and the
            // caller's deadline does not bound the fetch.
            let _ = tokio::spawn(async move { jwks.fetch().await }).await;
        }
        if self.0.last_failed.load(Ordering::Acquire) {
            Err(TokenError::KeysUnavailable)
        } else {
            Ok(())
        }
    }

    /// Asks for the keys again and again, for as long as it is polled: give it to the tasks of the service.
    pub async fn keep_fresh(self) {
        loop {
            let is_fresh = {
                let mut asked = self.0.asked.lock().await;
                *asked = Some(Instant::now());
                self.fetch().await
            };
            let pause = if is_fresh {
                self.0.config.refresh_interval
            } else {
                self.0.config.demand_interval
            };
            tokio::time::sleep(pause.get()).await;
        }
    }

    async fn fetch(&self) -> bool {
        let inner = &*self.0;
        let fetched = fetch(&inner.client, &inner.config.path, &inner.algorithms).await;
        inner.last_failed.store(fetched.is_err(), Ordering::Release);
        match fetched {
            Ok((keys, document)) => {
                let before = inner.known.load();
                let is_same = before
                    .as_ref()
                    .is_some_and(|known| known.document == document);
                let known = Known {
                    keys: Arc::new(keys),
                    document,
                    at: Instant::now(),
                };
                inner.known.store(Some(Arc::new(known)));
                if !is_same {
                    inner.generation.fetch_add(1, Ordering::AcqRel);
                    tracing::info!(issuer = inner.client.name(), "the issuer's keys are new");
                }
                inner.refreshed.increment();
                true
            }
            Err(error) => {
                inner.failed.increment();
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                tracing::warn!(issuer = inner.client.name(), %error, cause, "the issuer's keys could not be refreshed");
                false
            }
        }
    }
}

/// Whether nobody on the way can change what is fetched.
fn is_private(client: &HttpClient, path: &str) -> bool {
    match &client.config().base_url {
        // The client keeps every call under it.
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
