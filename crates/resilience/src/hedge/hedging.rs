use std::sync::Arc;

use arc_swap::ArcSwapOption;
use seaworthy_core::Timeout;
use seaworthy_telemetry::metrics::{Counter, Metrics};

use super::{config::HedgeConfig, snapshot::HedgeSnapshot};

/// The settings of hedging, which a reload changes (CONF-4). Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Hedging(Arc<ArcSwapOption<Hedge>>);

#[derive(Debug)]
pub(super) struct Hedge {
    pub(super) delay: Timeout,
    pub(super) hedges: Counter,
}

impl Hedging {
    /// Reads the settings of a dependency. Without settings, hedging is off.
    pub(crate) fn new(name: &str, config: Option<&HedgeConfig>, metrics: &Metrics) -> Self {
        let hedging = Self(Arc::default());
        hedging.reload(name, config, metrics);
        hedging
    }

    /// Changes the settings for later calls.
    pub(crate) fn reload(&self, name: &str, config: Option<&HedgeConfig>, metrics: &Metrics) {
        let hedge = config.map(|config| {
            Arc::new(Hedge {
                delay: config.delay,
                hedges: hedges(name, metrics),
            })
        });
        self.0.store(hedge);
    }

    /// Returns the settings of a call that begins at the current time.
    pub(super) fn load(&self) -> Option<Arc<Hedge>> {
        self.0.load_full()
    }

    pub(crate) fn is_on(&self) -> bool {
        self.0.load().is_some()
    }

    pub(crate) fn snapshot(&self) -> Option<HedgeSnapshot> {
        let hedge = self.load()?;
        Some(HedgeSnapshot {
            delay: hedge.delay.get(),
            hedges: hedge.hedges.get(),
        })
    }
}

/// The counter of the hedges of a dependency.
fn hedges(name: &str, metrics: &Metrics) -> Counter {
    metrics.counter(
        "hedges_total",
        "Second requests sent because a response was late.",
        &[("name", name)],
    )
}
