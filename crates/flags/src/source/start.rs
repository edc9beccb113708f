use std::{io, path::Path, sync::Arc, time::Duration};

use chrono::Utc;
use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use seaworthy_config::{ConfigError, ConfigErrors, Origin, Profile, Settings};
use seaworthy_service::{Assembly, StartError};
use seaworthy_telemetry::metrics::Counter;
use tokio::sync::Notify;

use super::files::FlagFiles;
use crate::{Context, DeclareError, Flags, FlagsConfig};

/// An editor saves a file with several events within a few milliseconds.
const QUIET: Duration = Duration::from_millis(100);
/// Catches changes that the operating system does not report, such as on network file systems.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

impl Flags {
    /// Loads the flag files of a service and follows their changes.
    ///
    /// Rules read `service`, `version` and `environment` (the profile) of the service.
    ///
    /// # Errors
    /// [`StartError`] with all mistakes in the files.
    pub async fn start<C: Settings>(
        service: &Assembly<C>,
        config: &FlagsConfig,
    ) -> Result<Self, StartError> {
        let identity = service.identity();
        let context = Context::new()
            .with("service", identity.name())
            .with("version", identity.version())
            .with("environment", service.profile().to_string());
        let metrics = service.metrics().clone();
        let help = "Reloads that failed because the new settings have errors.";
        let failures = metrics.counter("config_reload_failures_total", help, &[]);
        let flags = Self::with(context, || Utc::now().timestamp(), Some(metrics));
        let files = FlagFiles::new(config, service.profile());
        let seen = files.seen();
        let set = load(files.clone())
            .await
            .map_err(|errors| StartError::because("the flag files have errors", errors))?;
        flags
            .replace(set)
            .map_err(|errors| StartError::because("the flags cannot be used", join(&errors)))?;
        service.admin(crate::serve::admin_routes(&flags));
        let reload = Reload {
            flags: flags.clone(),
            files,
            failures,
        };
        service.tasks().supervise("flag-files", move |stop| {
            let (reload, seen) = (reload.clone(), seen.clone());
            async move {
                tokio::select! {
                    () = reload.follow(seen) => {}
                    () = stop.requested() => {}
                }
            }
        });
        Ok(flags)
    }
}

impl crate::FlagSet {
    /// Loads the flag files, for example to check or export them.
    ///
    /// # Errors
    /// All mistakes, with file, line and column.
    pub fn load(config: &FlagsConfig, profile: Profile) -> Result<Self, ConfigErrors> {
        FlagFiles::new(config, profile).load()
    }
}

#[derive(Clone)]
struct Reload {
    flags: Flags,
    files: FlagFiles,
    failures: Counter,
}

impl Reload {
    async fn follow(&self, mut seen: super::files::Seen) {
        let changed = Arc::new(Notify::new());
        let _watcher = watch(&self.files.directory, &changed);
        loop {
            let files = self.files.clone();
            let now = tokio::task::spawn_blocking(move || files.seen()).await;
            if let Ok(now) = now
                && now != seen
            {
                seen = now;
                self.reload().await;
            }
            if tokio::time::timeout(POLL_INTERVAL, changed.notified())
                .await
                .is_ok()
            {
                tokio::time::sleep(QUIET).await;
            }
        }
    }

    async fn reload(&self) {
        match load(self.files.clone()).await {
            Ok(set) => match self.flags.replace(set) {
                Ok(()) => tracing::info!("feature flags reloaded"),
                Err(errors) => self.fail(&join(&errors).to_string()),
            },
            Err(errors) => self.fail(&errors.to_string()),
        }
    }

    fn fail(&self, mistakes: &str) {
        self.failures.increment();
        tracing::error!(
            mistakes,
            "feature flags have errors, and the old ones stay in effect"
        );
    }
}

async fn load(files: FlagFiles) -> Result<crate::FlagSet, ConfigErrors> {
    let loaded = tokio::task::spawn_blocking(move || files.load()).await;
    loaded.unwrap_or_else(|error| {
        let problem = format!("the flag files were not loaded: {error}");
        Err(ConfigError::new(Origin::Default, "", problem).into())
    })
}

fn join(errors: &[DeclareError]) -> io::Error {
    let texts: Vec<_> = errors.iter().map(ToString::to_string).collect();
    io::Error::other(texts.join("; "))
}

fn watch(directory: &Path, changed: &Arc<Notify>) -> Option<RecommendedWatcher> {
    let notify = Arc::clone(changed);
    let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        // A reload reads the files. It must not cause another reload.
        if event.is_ok_and(|event| !event.kind.is_access()) {
            notify.notify_one();
        }
    });
    let watched = watcher.and_then(|mut watcher| {
        watcher.watch(directory, RecursiveMode::NonRecursive)?;
        Ok(watcher)
    });
    watched
        .inspect_err(|error| tracing::warn!(%error, "cannot watch the flag files: they are polled"))
        .ok()
}

impl From<DeclareError> for StartError {
    fn from(error: DeclareError) -> Self {
        Self::because("a feature flag cannot be declared", error)
    }
}
