//! Flags of a flag server. The last valid document is stored on disk.

mod config;
#[cfg(feature = "grpc")]
mod flagd;
mod http;

use std::{error::Error as StdError, io, path::PathBuf, sync::Arc, time::Duration};

use seaworthy_config::Settings;
use seaworthy_core::{Backoff, Timeout, error_chain};
use seaworthy_service::{Assembly, StartError, Tasks};
use seaworthy_telemetry::metrics::{Counter, Gauge, Kind};
use serde_json::Value;

pub use config::{RemoteConfig, RemoteSource};

use super::layers::with_keys;
use crate::{Flags, Strictness, problem, runtime};

/// The backoff between two attempts, with the values of flagd's providers.
const INITIAL_BACKOFF: Timeout = Timeout::from_secs(1);
const MAX_BACKOFF: Timeout = Timeout::from_secs(12);

const STALE: &str = "feature_flag_source_stale";
const STALE_HELP: &str =
    "Whether the flag server does not respond, so that its last known flags apply.";

pub(super) type Failure = Box<dyn StdError + Send + Sync>;

enum Source {
    Http(http::HttpSource),
    #[cfg(feature = "grpc")]
    Flagd(flagd::FlagdSource),
}

/// Follows the flags of a flag server.
pub(super) struct Remote {
    source: Source,
    flags: Flags,
    poll_interval: Duration,
    /// The file with the last valid document.
    cache: Option<PathBuf>,
    /// Locked while a document is stored. A stop waits for it.
    storing: Arc<tokio::sync::Mutex<()>>,
    failures: Counter,
    /// 1 while the server does not respond.
    stale: Gauge,
}

impl Remote {
    /// Connects to the flag server of the settings. `None` if there is none.
    ///
    /// # Errors
    /// The client cannot be created.
    pub(super) fn new<C: Settings>(
        service: &Assembly<C>,
        config: &RemoteConfig,
        flags: &Flags,
        cache: Option<PathBuf>,
        failures: Counter,
    ) -> Result<Option<Self>, StartError> {
        // Declared even without a server: alerts are rendered from the metrics of a service that
        // starts without one.
        service
            .metrics()
            .declare(Kind::Gauge, STALE, STALE_HELP, &[]);
        let source = match config.source {
            RemoteSource::None => return Ok(None),
            RemoteSource::Http => {
                let client = service.http_client(http::CLIENT)?;
                Source::Http(http::HttpSource::new(client, &config.path))
            }
            #[cfg(feature = "grpc")]
            RemoteSource::Flagd => {
                use seaworthy_grpc::client::GrpcClients as _;
                let unusable =
                    |error| StartError::with_cause("the flag server cannot be used", error);
                let channel = service.grpc_client(flagd::CLIENT).map_err(unusable)?;
                let channel = channel.build().map_err(unusable)?;
                let name = service.identity().name();
                Source::Flagd(flagd::FlagdSource::new(channel, name, &config.selector))
            }
            #[cfg(not(feature = "grpc"))]
            RemoteSource::Flagd => {
                let problem = "the flag source `flagd` needs the Cargo feature `grpc`";
                return Err(StartError::new(problem));
            }
        };
        Ok(Some(Self {
            source,
            flags: flags.clone(),
            poll_interval: config.poll_interval.get(),
            cache,
            storing: Arc::default(),
            failures,
            stale: service.metrics().gauge(STALE, STALE_HELP, &[]),
        }))
    }

    /// Reads the flags once. If the server does not respond, reads the last valid ones. A service
    /// starts without them too, with the defaults of the code.
    pub(super) async fn start(&self) {
        let fetched = match &self.source {
            Source::Http(source) => source.fetch().await,
            #[cfg(feature = "grpc")]
            Source::Flagd(source) => source.fetch().await,
        };
        match fetched {
            Ok(Some(text)) => self.apply(&text).await,
            Ok(None) => {}
            Err(error) => {
                self.fail(&error);
                self.read_cache().await;
            }
        }
    }

    async fn read_cache(&self) {
        let Some(path) = self.cache.clone() else {
            return;
        };
        let read = tokio::task::spawn_blocking(move || std::fs::read(path)).await;
        let read = read.unwrap_or_else(|error| Err(io::Error::other(error)));
        match read.and_then(|text| serde_json::from_slice(&text).map_err(io::Error::other)) {
            Ok(document) => {
                if let Err(errors) = self.replace(document) {
                    tracing::error!(
                        errors,
                        "the last known flags of the flag server cannot be used"
                    );
                }
            }
            Err(error) => {
                tracing::error!(%error, "the last known flags of the flag server cannot be read");
            }
        }
    }

    pub(super) fn supervise(self, tasks: &Tasks) {
        let remote = Arc::new(self);
        tasks.supervise("flag-server", move |stop| {
            let remote = remote.clone();
            async move {
                tokio::select! {
                    () = remote.follow() => {}
                    () = stop.requested() => {}
                }
                drop(remote.storing.lock().await);
            }
        });
    }

    async fn follow(&self) {
        let backoff = Backoff::new(INITIAL_BACKOFF, MAX_BACKOFF);
        let mut attempt = 0;
        loop {
            let wait = match &self.source {
                Source::Http(source) => {
                    tokio::time::sleep(self.poll_interval).await;
                    match source.fetch().await {
                        Ok(Some(text)) => self.apply(&text).await,
                        Ok(None) => self.stale.set(0),
                        Err(error) => self.fail(&error),
                    }
                    Duration::ZERO
                }
                #[cfg(feature = "grpc")]
                Source::Flagd(source) => match self.follow_stream(source).await {
                    // The client timeout ended a working stream: reconnect immediately.
                    true => {
                        attempt = 0;
                        Duration::ZERO
                    }
                    false => {
                        attempt += 1;
                        backoff.delay(attempt)
                    }
                },
            };
            tokio::time::sleep(wait).await;
        }
    }

    /// Follows a stream until it ends. Returns whether it delivered flags.
    #[cfg(feature = "grpc")]
    async fn follow_stream(&self, source: &flagd::FlagdSource) -> bool {
        let mut stream = match source.open().await {
            Ok(stream) => stream,
            Err(error) => {
                self.fail(&error);
                return false;
            }
        };
        let mut delivered = false;
        loop {
            match stream.message().await {
                Ok(Some(message)) => {
                    delivered = true;
                    self.apply(&message.flag_configuration).await;
                }
                Ok(None) | Err(_) => return delivered,
            }
        }
    }

    /// Uses a document and stores it. A document with errors changes nothing.
    async fn apply(&self, text: &str) {
        self.stale.set(0);
        let document = match serde_json::from_str::<Value>(text) {
            Ok(document) => document,
            Err(error) => return self.reject(&error.to_string()),
        };
        let is_known = {
            let keyed = with_keys(document.clone());
            let sources = self.flags.0.runtime.sources.lock();
            sources.layers.remote == Some(keyed)
        };
        if is_known {
            return;
        }
        let storing = Arc::clone(&self.storing).lock_owned().await;
        if let Err(errors) = self.replace(document.clone()) {
            return self.reject(&errors);
        }
        tracing::info!("feature flags of the flag server reloaded");
        if let Some(path) = self.cache.clone() {
            let written = tokio::task::spawn_blocking(move || {
                let _storing = storing;
                runtime::write(&path, &document)
            });
            if let Ok(Err(error)) = written.await {
                tracing::warn!(%error, "the flags of the flag server cannot be stored for the next start");
            }
        }
    }

    fn replace(&self, document: Value) -> Result<(), String> {
        let runtime = &self.flags.0.runtime;
        let compiled = runtime
            .compiler
            .compile(document.clone(), Strictness::Lenient);
        let set = compiled.map_err(|problems| problem::join(&problems))?;
        self.flags
            .check_types(&set)
            .map_err(|errors| problem::join(&errors))?;
        let document = with_keys(document);
        let former = runtime.sources.lock().layers.remote.replace(document);
        self.flags.rebuild().map_err(|problems| {
            runtime.sources.lock().layers.remote = former;
            problem::join(&problems)
        })
    }

    fn reject(&self, errors: &str) {
        self.failures.increment();
        problem::log_rejected(errors);
    }

    fn fail(&self, error: &Failure) {
        self.stale.set(1);
        let error = error_chain(&**error);
        tracing::warn!(
            error,
            "the flag server does not respond: its last known flags apply"
        );
    }
}
