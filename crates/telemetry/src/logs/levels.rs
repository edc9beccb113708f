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

/// The levels in force, and changes to them that end by themselves.
pub struct Levels {
    table: ArcSwap<Table>,
    changes: Mutex<Changes>,
    changed: Notify,
}

/// What is looked at for every line.
#[derive(Debug, Default)]
struct Table {
    default: Level,
    most: Level,
    /// Longest target first.
    targets: Vec<(Arc<str>, Level)>,
}

#[derive(Debug, Default)]
struct Changes {
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

/// A change that is in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LevelOverride {
    /// The beginning of the module path; empty for all.
    pub target: String,
    /// The level in force.
    pub level: Level,
    /// Why somebody changed it.
    pub reason: String,
    /// Seconds until it ends.
    pub expires_in_seconds: u64,
}

/// All levels in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LevelReport {
    /// The configured level of everything that has none of its own.
    pub level: Level,
    /// The configured levels of parts.
    pub targets: BTreeMap<String, Level>,
    /// Changes that end by themselves.
    pub overrides: Vec<LevelOverride>,
}

impl Levels {
    pub(super) fn new(config: &LogConfig) -> Self {
        let levels = Self {
            table: ArcSwap::default(),
            changes: Mutex::default(),
            changed: Notify::new(),
        };
        levels.take_over(config);
        levels
    }

    /// Takes over configured levels, at start and at reload. Changes that are in force stay.
    pub fn configure(&self, config: &LogConfig) {
        self.take_over(config);
        self.announce();
    }

    fn take_over(&self, config: &LogConfig) {
        {
            let mut changes = self.changes.lock();
            changes.default = config.level;
            changes.configured.clone_from(&config.targets);
        }
        self.rebuild();
    }

    /// Changes the level of everything whose module path begins with `target` (all, where it is empty) until `expires_in` has passed. A later change of the
    /// same target replaces an earlier one.
    pub fn set(&self, target: &str, level: Level, expires_in: Duration, reason: &str) {
        let until = Instant::now() + expires_in;
        {
            let mut changes = self.changes.lock();
            changes.overrides.retain(|known| known.target != target);
            changes.overrides.push(Override {
                target: target.to_owned(),
                level,
                // Whoever writes down why may write down for whom (OBS-3).
                reason: redact(reason).into_owned(),
                until,
            });
        }
        self.rebuild();
        self.announce();
    }

    /// Ends a change early. Returns whether there was one.
    pub fn reset(&self, target: &str) -> bool {
        let removed = {
            let mut changes = self.changes.lock();
            let before = changes.overrides.len();
            changes.overrides.retain(|known| known.target != target);
            before != changes.overrides.len()
        };
        self.rebuild();
        self.announce();
        removed
    }

    /// All levels in force.
    #[must_use]
    pub fn report(&self) -> LevelReport {
        let changes = self.changes.lock();
        let now = Instant::now();
        let overrides = changes.overrides.iter().map(|known| LevelOverride {
            target: known.target.clone(),
            level: known.level,
            reason: known.reason.clone(),
            expires_in_seconds: known.until.saturating_duration_since(now).as_secs(),
        });
        LevelReport {
            level: changes.default,
            targets: changes.configured.clone(),
            overrides: overrides.collect(),
        }
    }

    /// Ends changes when their time has come. Runs for ever; the kernel owns it as a task.
    pub async fn expire(&self) {
        loop {
            let changed = self.changed.notified();
            let next = self
                .changes
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
                        self.changes.lock().overrides.retain(|known| known.until > Instant::now());
                        self.rebuild();
                        tracing_core::callsite::rebuild_interest_cache();
                    }
                },
            }
        }
    }

    /// Whether a line is wanted.
    #[must_use]
    pub fn is_enabled(&self, target: &str, level: Level) -> bool {
        let table = self.table.load();
        let of_target = table
            .targets
            .iter()
            .find(|(prefix, _)| is_below(target, prefix))
            .map(|(_, level)| *level);
        level <= of_target.unwrap_or(table.default)
    }

    /// The most talkative level that any target has.
    pub(super) fn most(&self) -> Level {
        self.table.load().most
    }

    fn rebuild(&self) {
        let table = {
            let changes = self.changes.lock();
            let mut targets = changes.configured.clone();
            targets.extend(
                changes
                    .overrides
                    .iter()
                    .map(|known| (known.target.clone(), known.level)),
            );
            let default = targets.remove("").unwrap_or(changes.default);
            let most = targets.values().copied().fold(default, Level::max);
            let mut targets: Vec<(Arc<str>, Level)> = targets
                .into_iter()
                .map(|(target, level)| (target.into(), level))
                .collect();
            targets.sort_by_key(|(target, _)| std::cmp::Reverse(target.len()));
            Table {
                default,
                most,
                targets,
            }
        };
        self.table.store(Arc::new(table));
    }

    /// What a callsite once heard is cached by `tracing`; without this a change would reach nobody.
    fn announce(&self) {
        self.changed.notify_one();
        tracing_core::callsite::rebuild_interest_cache();
    }
}

/// Whether a module path lies below a target: equal, or separated from it by `::` or a dot.
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
