use std::{path::Path, sync::Arc, time::Duration};

use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use seaworthy_core::error_chain;
use seaworthy_service::Tasks;
use seaworthy_telemetry::metrics::{Counter, Metrics};
use tokio::sync::Notify;

use super::{
    deprecated::Deprecated,
    files::{FlagFiles, Seen},
    start::load,
};
use crate::{Flags, problem};

/// Time without events before a reload. An editor causes several events within milliseconds.
const QUIET: Duration = Duration::from_millis(100);
/// Interval at which the store and the files are read. The system may miss changes of files.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// Follows the changes of files and operators.
#[derive(Clone)]
pub(crate) struct Follow {
    flags: Flags,
    files: FlagFiles,
    seen: Seen,
    failures: Counter,
}

impl Follow {
    pub(super) fn new(flags: &Flags, files: FlagFiles, seen: Seen, metrics: &Metrics) -> Self {
        Self {
            flags: flags.clone(),
            files,
            seen,
            failures: reload_failures(metrics),
        }
    }

    /// Follows the changes of operators, and with `watch` those of files.
    pub(super) fn supervise(self, tasks: &Tasks, watch: bool) {
        if watch {
            let files = self.clone();
            tasks.supervise("flag-files", move |stop| {
                let files = files.clone();
                async move {
                    tokio::select! {
                        () = files.follow_files() => {}
                        () = stop.requested() => {}
                    }
                }
            });
        }
        tasks.supervise("flag-overrides", move |stop| {
            let flags = self.flags.clone();
            async move {
                tokio::select! {
                    () = follow_operators(&flags) => {}
                    () = stop.requested() => {}
                }
            }
        });
    }

    async fn follow_files(&self) {
        let changed = Arc::new(Notify::new());
        let _watcher = watch(&self.files.directory, &changed);
        let mut seen = self.seen.clone();
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
        let (mut layers, set) = match load(self.files.clone()).await {
            Ok(loaded) => loaded,
            Err(errors) => return self.fail(&errors.to_string()),
        };
        if let Err(errors) = self.flags.check_types(&set) {
            return self.fail(&problem::join(&errors));
        }
        let former = {
            let mut sources = self.flags.0.runtime.sources.lock();
            layers.remote.clone_from(&sources.layers.remote);
            std::mem::replace(&mut sources.layers, layers)
        };
        match self.flags.rebuild() {
            Ok(()) => {
                tracing::info!("feature flags reloaded");
                self.flags.warn_of_unserved_apis();
            }
            Err(problems) => {
                self.flags.0.runtime.sources.lock().layers = former;
                self.fail(&problem::join(&problems));
            }
        }
    }

    fn fail(&self, errors: &str) {
        self.failures.increment();
        problem::log_rejected(errors);
    }
}

pub(super) fn reload_failures(metrics: &Metrics) -> Counter {
    let help = "Reloads that failed because the new settings have errors.";
    metrics.counter("config_reload_failures_total", help, &[])
}

/// Reads the store of changes, and removes expired overrides.
async fn follow_operators(flags: &Flags) {
    let mut is_failing = false;
    let mut deprecated = Deprecated::default();
    loop {
        tokio::time::sleep(POLL_INTERVAL).await;
        match flags.refresh().await {
            Ok(()) => is_failing = false,
            Err(error) if !is_failing => {
                is_failing = true;
                tracing::error!(
                    error = error_chain(&error),
                    "cannot read the changes of feature flags: the last known changes apply"
                );
            }
            Err(_) => {}
        }
        flags.expire();
        // A rule may depend on the time.
        flags.apply_switches();
        deprecated.log(flags);
    }
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
