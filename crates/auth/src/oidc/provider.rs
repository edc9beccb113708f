use std::sync::Arc;

use arc_swap::ArcSwapOption;
use seaworthy_client::HttpClient;
use seaworthy_config::Settings;
use seaworthy_core::{Backoff, Timeout, error_chain};
use seaworthy_health::CheckFailure;
use seaworthy_service::{Assembly, StartError};
use seaworthy_telemetry::metrics::Metrics;
use tokio::{sync::Mutex, time::Instant};
use url::Url;

use super::{OpenIdConfig, OpenIdConfigError, OpenIdError, metadata::Metadata};
use crate::{
    jwks::{Jwks, JwksConfig},
    load::load_before_ready,
    token::{ClockReading, Issuer, IssuerConfig, TokenVerifier},
};

/// Maximum time for which a revoked key is accepted, also if no task keeps the keys fresh.
const MAX_STALE_KEYS: Timeout = Timeout::from_secs(3600);
/// The interval at which the background task checks whether the metadata or the keys are due.
const REFRESH_INTERVAL: Timeout = Timeout::from_secs(300);
/// The initial backoff of the background task after a failure.
const MIN_BACKOFF: Timeout = Timeout::from_secs(1);
const MAX_BACKOFF: Timeout = Timeout::from_secs(30);

/// A provider. Its metadata are fetched in the background, or when a login first needs them: the
/// provider may be down when the service starts.
pub(super) struct Provider {
    pub(super) config: OpenIdConfig,
    /// The clients whose ID tokens are accepted.
    pub(super) client_ids: Vec<String>,
    pub(super) client: HttpClient,
    metrics: Metrics,
    state: ArcSwapOption<ProviderState>,
    /// When the last fetch failed. Held during a fetch, so that other requests wait for its result
    /// instead of starting one.
    failed: Mutex<Option<Instant>>,
    /// The error of the last fetch.
    last_failure: parking_lot::Mutex<Option<String>>,
}

/// The metadata of a provider and the verifier of its tokens.
pub(super) struct ProviderState {
    pub(super) metadata: Metadata,
    pub(super) verifier: TokenVerifier,
    fetched: ClockReading,
}

impl Provider {
    pub(super) fn new(
        config: OpenIdConfig,
        more_client_ids: impl IntoIterator<Item = String>,
        client: HttpClient,
        metrics: &Metrics,
    ) -> Result<Self, OpenIdConfigError> {
        config.check()?;
        let own = std::iter::once(config.client_id.clone());
        Ok(Self {
            client_ids: own.chain(more_client_ids).collect(),
            config,
            client,
            metrics: metrics.clone(),
            state: ArcSwapOption::empty(),
            failed: Mutex::new(None),
            last_failure: parking_lot::Mutex::new(None),
        })
    }

    /// Returns the metadata of the provider. If they are due and cannot be fetched, it returns the
    /// last ones.
    pub(super) async fn state(&self) -> Result<Arc<ProviderState>, OpenIdError> {
        let arrived = Instant::now();
        if let Some(state) = self.fresh(ClockReading::now()) {
            return Ok(state);
        }
        let mut failed = self.failed.lock().await;
        if let Some(state) = self.fresh(ClockReading::now()) {
            return Ok(state);
        }
        let last = self.state.load_full();
        if failed.is_some_and(|failed| failed > arrived) {
            return last.ok_or(OpenIdError::RecentlyFailed);
        }
        let fetched = ClockReading::now();
        match (Metadata::fetch(&self.client, &self.config).await, last) {
            (Ok(metadata), last) => {
                let state = Arc::new(self.new_state(metadata, last, fetched)?);
                self.state.store(Some(Arc::clone(&state)));
                *self.last_failure.lock() = None;
                Ok(state)
            }
            (Err(error), last) => {
                *failed = Some(Instant::now());
                self.record(&error);
                let last = last.ok_or(error)?;
                tracing::warn!(
                    provider = self.client.name(),
                    "the metadata of the provider could not be fetched: the previous metadata stay in use"
                );
                Ok(last)
            }
        }
    }

    /// Returns the login page of the last metadata, or that of the settings before the first fetch.
    /// Returns `None` if the settings contain no login page.
    pub(super) fn known_authorization_endpoint(&self) -> Option<Url> {
        let configured = self.config.authorization_endpoint.as_deref()?;
        match self.state.load_full() {
            Some(state) => Some(state.metadata.authorization_endpoint.clone()),
            None => Url::parse(configured).ok(),
        }
    }

    /// Lets the readiness of a service wait for the metadata and the keys, and keeps them fresh.
    pub(super) fn load_before_ready<C: Settings>(
        self: &Arc<Self>,
        service: &Assembly<C>,
        name: &str,
    ) {
        let (checked, fetched) = (Arc::clone(self), Arc::clone(self));
        load_before_ready(
            service,
            name,
            self.config.critical,
            move || checked.check(),
            async move { fetched.keep_fresh().await },
        );
    }

    /// Fetches the metadata and the keys immediately, and again when they are due. It never
    /// returns.
    async fn keep_fresh(&self) {
        let backoff = Backoff::new(MIN_BACKOFF, MAX_BACKOFF);
        let mut failures = 0;
        loop {
            let wait = if self.refresh().await {
                failures = 0;
                REFRESH_INTERVAL.get()
            } else {
                failures += 1;
                backoff.delay(failures)
            };
            tokio::time::sleep(wait).await;
        }
    }

    async fn refresh(&self) -> bool {
        let state = match self.state().await {
            Ok(state) => state,
            Err(error) => {
                self.record(&error);
                return false;
            }
        };
        let mut is_fresh = true;
        for jwks in state.verifier.key_sets() {
            is_fresh &= jwks.refresh().await;
        }
        is_fresh
    }

    /// Returns an error while the metadata or the keys are missing.
    fn check(&self) -> Result<(), CheckFailure> {
        let Some(state) = self.state.load_full() else {
            let failure = self.last_failure.lock().clone();
            return Err(CheckFailure::new(failure.unwrap_or_else(|| {
                "the metadata of the provider have not been fetched yet".to_owned()
            })));
        };
        state.verifier.key_sets().try_for_each(Jwks::check)
    }

    fn record(&self, error: &OpenIdError) {
        *self.last_failure.lock() = Some(error_chain(error));
    }

    fn fresh(&self, now: ClockReading) -> Option<Arc<ProviderState>> {
        let state = self.state.load_full()?;
        let age = state.fetched.elapsed_until(now);
        (age < self.config.metadata_ttl.get()).then_some(state)
    }

    fn new_state(
        &self,
        metadata: Metadata,
        last: Option<Arc<ProviderState>>,
        fetched: ClockReading,
    ) -> Result<ProviderState, OpenIdError> {
        let verifier = match last {
            Some(last) if last.metadata.jwks_uri == metadata.jwks_uri => last.verifier.clone(),
            _ => self.verifier(&metadata)?,
        };
        Ok(ProviderState {
            metadata,
            verifier,
            fetched,
        })
    }

    fn verifier(&self, metadata: &Metadata) -> Result<TokenVerifier, OpenIdError> {
        let config = &self.config;
        let keys = JwksConfig {
            path: metadata.jwks_uri.to_string(),
            max_stale: MAX_STALE_KEYS,
            ..JwksConfig::default()
        };
        let jwks = Jwks::new(
            self.client.clone(),
            config.algorithms.clone(),
            keys,
            &self.metrics,
        )
        .map_err(|_| {
            OpenIdError::InvalidResponse("the URL of its keys does not begin with https://")
        })?;
        let issuer = IssuerConfig {
            issuer: Some(config.issuer.clone()),
            audiences: self.client_ids.clone(),
            algorithms: config.algorithms.clone(),
            leeway: config.leeway,
            types: vec!["JWT".to_owned()],
            // Roles and scopes of a provider do not grant anything in this service.
            role_claims: Vec::new(),
            scope_claims: Vec::new(),
            ..IssuerConfig::default()
        };
        Issuer::with_jwks(issuer, jwks)
            .and_then(|issuer| TokenVerifier::new([issuer]))
            .map_err(|_| OpenIdError::InvalidResponse("the settings of its tokens are not valid"))
    }
}

/// Returns the error of a login with invalid settings.
pub(super) fn invalid(name: &str, error: OpenIdConfigError) -> StartError {
    StartError::with_cause(
        format!("the settings of the login by {name} are invalid"),
        error,
    )
}
