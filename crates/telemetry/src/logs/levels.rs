use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use serde::Serialize;
use tokio::{
    sync::Notify,
    time::{self, Instant},
};

use super::{config::LogConfig, level::Level};
use crate::redact::redact;

/// The levels of all targets, with overrides that expire.
pub struct Levels {
    table: ArcSwap<Table>,
    settings: Mutex<Settings>,
    changed: Notify,
}

/// The levels in effect, read for every line.
#[derive(Debug, Default)]
struct Table {
    default: Level,
    max: Level,
    /// The targets and their levels, the longest target first.
    targets: Vec<(Arc<str>, Level)>,
}

#[derive(Debug, Default)]
struct Settings {
    default: Level,
    configured: BTreeMap<String, Level>,
    overrides: Vec<Override>,
}

#[derive(Debug, Clone)]
struct Override {
    target: String,
    level: Level,
    reason: String,
    until: Instant,
}

/// An override of a level that is in effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LevelOverride {
    /// The beginning of the module path. Empty for all targets.
    pub target: String,
    /// The level in effect.
    pub level: Level,
    /// The reason that the operator gave.
    pub reason: String,
    /// Seconds until the override expires.
    pub expires_in_seconds: u64,
}

/// All levels in effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LevelReport {
    /// The configured default level.
    pub level: Level,
    /// The configured levels of single targets.
    pub targets: BTreeMap<String, Level>,
    /// The overrides in effect.
    pub overrides: Vec<LevelOverride>,
}

impl Levels {
    pub(super) fn new(config: &LogConfig) -> Self {
        let levels = Self {
            table: ArcSwap::default(),
            settings: Mutex::default(),
            changed: Notify::new(),
        };
        levels.apply(config);
        levels
    }

    /// Applies configured levels, for example after a reload. Overrides stay in effect.
    pub fn configure(&self, config: &LogConfig) {
        self.apply(config);
        self.notify();
    }

    fn apply(&self, config: &LogConfig) {
        {
            let mut settings = self.settings.lock();
            settings.default = config.level;
            settings.configured.clone_from(&config.targets);
        }
        self.rebuild();
    }

    /// Overrides the level of all modules whose path begins with `target`, or of all modules if it
    /// is empty, for the duration `expires_in`. Replaces an override of the same target.
    pub fn set(&self, target: &str, level: Level, expires_in: Duration, reason: &str) {
        let until = Instant::now() + expires_in;
        {
            let mut settings = self.settings.lock();
            settings.overrides.retain(|known| known.target != target);
            settings.overrides.push(Override {
                target: target.to_owned(),
                level,
                // Redact the reason, because an operator may name a customer in it (OBS-3).
                reason: redact(reason).into_owned(),
                until,
            });
        }
        self.rebuild();
        self.notify();
    }

    /// Removes an override. Returns whether there was one.
    pub fn reset(&self, target: &str) -> bool {
        let removed = {
            let mut settings = self.settings.lock();
            let before = settings.overrides.len();
            settings.overrides.retain(|known| known.target != target);
            before != settings.overrides.len()
        };
        self.rebuild();
        self.notify();
        removed
    }

    /// Returns all levels in effect.
    #[must_use]
    pub fn report(&self) -> LevelReport {
        let settings = self.settings.lock();
        let now = Instant::now();
        let overrides = settings.overrides.iter().map(|known| LevelOverride {
            target: known.target.clone(),
            level: known.level,
            reason: known.reason.clone(),
            expires_in_seconds: known.until.saturating_duration_since(now).as_secs(),
        });
        LevelReport {
            level: settings.default,
            targets: settings.configured.clone(),
            overrides: overrides.collect(),
        }
    }

    /// Removes overrides when they expire. Never returns: run it as a task.
    pub async fn expire(&self) {
        loop {
            let changed = self.changed.notified();
            let next = self
                .settings
                .lock()
                .overrides
                .iter()
                .map(|known| known.until)
                .min();
            match next {
                None => changed.await,
                Some(until) => tokio::select! {
                    () = changed => {}
                    () = time::sleep_until(until) => {
                        self.settings.lock().overrides.retain(|known| known.until > Instant::now());
                        self.rebuild();
                        tracing_core::callsite::rebuild_interest_cache();
                    }
                },
            }
        }
    }

    /// Whether lines of this target and level are written.
    #[must_use]
    pub fn is_enabled(&self, target: &str, level: Level) -> bool {
        let table = self.table.load();
        let target_level = table
            .targets
            .iter()
            .find(|(prefix, _)| is_below(target, prefix))
            .map(|(_, level)| *level);
        level <= target_level.unwrap_or(table.default)
    }

    /// The highest level of any target.
    pub(super) fn max(&self) -> Level {
        self.table.load().max
    }

    fn rebuild(&self) {
        let table = {
            let settings = self.settings.lock();
            let mut targets = settings.configured.clone();
            targets.extend(
                settings
                    .overrides
                    .iter()
                    .map(|known| (known.target.clone(), known.level)),
            );
            let default = targets.remove("").unwrap_or(settings.default);
            let max = targets.values().copied().fold(default, Level::max);
            let mut targets: Vec<(Arc<str>, Level)> = targets
                .into_iter()
                .map(|(target, level)| (target.into(), level))
                .collect();
            targets.sort_by_key(|(target, _)| std::cmp::Reverse(target.len()));
            Table {
                default,
                max,
                targets,
            }
        };
        self.table.store(Arc::new(table));
    }

    /// Wakes the expiry task and clears the cache of `tracing`, which keeps the decision per
    /// callsite.
    fn notify(&self) {
        self.changed.notify_one();
        tracing_core::callsite::rebuild_interest_cache();
    }
}

/// Whether a module path equals the target, or continues it after `::` or a dot.
fn is_below(path: &str, target: &str) -> bool {
    path.strip_prefix(target)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with("::") || rest.starts_with('.'))
}

impl fmt::Debug for Levels {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Levels")
            .field("table", &self.table.load())
            .finish_non_exhaustive()
    }
}
