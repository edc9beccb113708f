use std::{error::Error as StdError, fmt, sync::Arc};

use parking_lot::Mutex;
use seaworthy_core::error_chain;
use seaworthy_telemetry::metrics::{Counter, Metrics};

use crate::config::FrameworkConfig;

type Hook =
    Box<dyn Fn(&FrameworkConfig) -> Result<(), Box<dyn StdError + Send + Sync>> + Send + Sync>;

/// Applies reloaded settings of the framework to parts that the assembly creates, such as clients
/// (CONF-4). Cheap to clone, and clones share the hooks.
#[derive(Clone)]
pub struct SettingsReload(Arc<Inner>);

struct Inner {
    failures: Counter,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The settings of the last reload.
    latest: Option<Arc<FrameworkConfig>>,
    hooks: Vec<Hook>,
}

impl SettingsReload {
    pub(crate) fn new(metrics: &Metrics) -> Self {
        let help = "Reloads that failed because the new settings have errors.";
        Self(Arc::new(Inner {
            failures: metrics.counter("config_reload_failures_total", help, &[]),
            state: Mutex::default(),
        }))
    }

    /// Calls `hook` with the new settings after each reload that changed a reloadable framework
    /// setting. If this happened during the start, it calls `hook` immediately. `hook` may block.
    /// The service logs its error, counts the reload as failed, and keeps the other settings.
    pub fn on_reload(
        &self,
        hook: impl Fn(&FrameworkConfig) -> Result<(), Box<dyn StdError + Send + Sync>>
        + Send
        + Sync
        + 'static,
    ) {
        let mut state = self.0.state.lock();
        if let Some(latest) = state.latest.clone() {
            self.record(hook(&latest));
        }
        state.hooks.push(Box::new(hook));
    }

    /// Calls the hooks with blocking calls.
    pub(crate) fn apply(&self, settings: Arc<FrameworkConfig>) {
        let mut state = self.0.state.lock();
        for hook in &state.hooks {
            self.record(hook(&settings));
        }
        state.latest = Some(settings);
    }

    fn record(&self, result: Result<(), Box<dyn StdError + Send + Sync>>) {
        if let Err(error) = result {
            self.0.failures.increment();
            tracing::error!(
                error = error_chain(&*error),
                "new settings of a client are not valid, so it keeps its previous settings"
            );
        }
    }
}

impl fmt::Debug for SettingsReload {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SettingsReload")
            .finish_non_exhaustive()
    }
}
