use std::sync::Arc;

use arc_swap::ArcSwapOption;
use seaworthy_client::HttpClient;
use seaworthy_core::Timeout;
use seaworthy_telemetry::metrics::Metrics;
use tokio::{sync::Mutex, time::Instant};

use super::{OpenIdConfig, OpenIdConfigError, OpenIdError, metadata::Metadata};
use crate::{
    jwks::{Jwks, JwksConfig},
    token::{Issuer, IssuerConfig, TokenVerifier},
};

/// Nobody refreshes these keys in the background, so this is how long one that was taken back is believed at most.
const OLDEST_KEYS: Timeout = Timeout::from_secs(3600);
/// A login that waits for keys is tried again by a person, who takes as long.
const KEYS_AGAIN: Timeout = Timeout::from_secs(5);

/// A provider whose document is fetched when it is first needed: it may be down when the service starts.
pub(super) struct Provider {
    pub(super) config: OpenIdConfig,
    pub(super) client: HttpClient,
    metrics: Metrics,
    known: ArcSwapOption<Known>,
    /// When it last did not answer. Held while it is asked: those who come meanwhile wait for that answer and ask no second time.
    failed: Mutex<Option<Instant>>,
}

/// What is known of it.
pub(super) struct Known {
    pub(super) metadata: Metadata,
    pub(super) verifier: TokenVerifier,
    at: Instant,
}

impl Provider {
    pub(super) fn new(
        config: OpenIdConfig,
        client: HttpClient,
        metrics: &Metrics,
    ) -> Result<Self, OpenIdConfigError> {
        config.check()?;
        Ok(Self {
            config,
            client,
            metrics: metrics.clone(),
            known: ArcSwapOption::empty(),
            failed: Mutex::new(None),
        })
    }

    /// What is known of the provider. Where its document is due and cannot be had, the last one is used.
    pub(super) async fn known(&self) -> Result<Arc<Known>, OpenIdError> {
        let came = Instant::now();
        if let Some(known) = self.fresh() {
            return Ok(known);
        }
        let mut failed = self.failed.lock().await;
        if let Some(known) = self.fresh() {
            return Ok(known);
        }
        let last = self.known.load_full();
        if failed.is_some_and(|failed| failed > came) {
            return last.ok_or(OpenIdError::JustFailed);
        }
        match (Metadata::fetch(&self.client, &self.config).await, last) {
            (Ok(metadata), last) => {
                let known = Arc::new(self.keep(metadata, last)?);
                self.known.store(Some(Arc::clone(&known)));
                Ok(known)
            }
            (Err(error), Some(last)) => {
                *failed = Some(Instant::now());
                tracing::warn!(provider = self.client.name(), %error, "the provider's document cannot be had; the last one is used");
                Ok(last)
            }
            (Err(error), None) => {
                *failed = Some(Instant::now());
                Err(error)
            }
        }
    }

    fn fresh(&self) -> Option<Arc<Known>> {
        let known = self.known.load_full()?;
        (known.at.elapsed() < self.config.metadata_ttl.get()).then_some(known)
    }

    fn keep(&self, metadata: Metadata, last: Option<Arc<Known>>) -> Result<Known, OpenIdError> {
        let verifier = match last {
            Some(last) if last.metadata.jwks_uri == metadata.jwks_uri => last.verifier.clone(),
            _ => self.verifier(&metadata)?,
        };
        Ok(Known {
            metadata,
            verifier,
            at: Instant::now(),
        })
    }

    fn verifier(&self, metadata: &Metadata) -> Result<TokenVerifier, OpenIdError> {
        let config = &self.config;
        let keys = JwksConfig {
            path: metadata.jwks_uri.to_string(),
            max_stale: OLDEST_KEYS,
            demand_interval: KEYS_AGAIN,
            ..JwksConfig::default()
        };
        let jwks = Jwks::new(
            self.client.clone(),
            config.algorithms.clone(),
            keys,
            &self.metrics,
        )
        .map_err(|_| OpenIdError::Answer("its keys are not reached by https://"))?;
        let issuer = IssuerConfig {
            issuer: Some(config.issuer.clone()),
            audiences: vec![config.client_id.clone()],
            algorithms: config.algorithms.clone(),
            leeway: config.leeway,
            types: vec!["JWT".to_owned()],
            // What a provider calls a role is none here.
            role_claims: Vec::new(),
            scope_claims: Vec::new(),
            ..IssuerConfig::default()
        };
        Issuer::with_jwks(issuer, jwks)
            .and_then(|issuer| TokenVerifier::new([issuer]))
            .map_err(|_| OpenIdError::Answer("the rules for its tokens cannot work"))
    }
}
