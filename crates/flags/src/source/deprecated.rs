use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::Flags;

/// The interval at which a deprecated flag in use is logged.
const LOG_INTERVAL: Duration = Duration::from_secs(24 * 60 * 60);
/// The interval at which the use of deprecated flags is checked.
const SEARCH_INTERVAL: Duration = Duration::from_secs(60);

/// Logs the use of flags that their file declares as deprecated.
#[derive(Debug, Default)]
pub(super) struct Deprecated {
    searched: Option<Instant>,
    /// The evaluations at the last log line, and its time.
    logged: BTreeMap<Arc<str>, (u64, Instant)>,
}

impl Deprecated {
    pub(super) fn log(&mut self, flags: &Flags) {
        let now = Instant::now();
        if self
            .searched
            .is_some_and(|last| now - last < SEARCH_INTERVAL)
        {
            return;
        }
        self.searched = Some(now);
        for key in self.in_use(flags, now) {
            let set = flags.set();
            let replacement = set
                .get(&key)
                .and_then(|flag| flag.metadata().get("replacement"));
            let replacement = replacement.and_then(Value::as_str);
            tracing::warn!(
                flag = %key,
                replacement,
                "a deprecated feature flag is in use: remove it from the code"
            );
        }
    }

    /// Returns the flags that were evaluated since their last log line, a day ago or earlier.
    fn in_use(&mut self, flags: &Flags, now: Instant) -> Vec<Arc<str>> {
        let set = flags.set();
        let is_deprecated =
            |metadata: &crate::Metadata| metadata.get("deprecated") == Some(&true.into());
        let deprecated = set.iter().filter(|flag| is_deprecated(flag.metadata()));
        let mut found = Vec::new();
        for flag in deprecated {
            let count: u64 = flags.evaluations(flag.key()).values().sum();
            let last = self.logged.get(flag.key());
            let is_new =
                last.is_none_or(|(before, at)| count > *before && now - *at >= LOG_INTERVAL);
            if count > 0 && is_new {
                self.logged.insert(flag.key().clone(), (count, now));
                found.push(flag.key().clone());
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use seaworthy_telemetry::metrics::Metrics;
    use serde_json::json;

    use super::*;
    use crate::{Bucketing, Compiler, Context, Flag, Strictness, runtime::Runtime};

    #[test]
    fn use_of_deprecated_flag_is_logged_once_a_day_flag_1() {
        let compiler = Compiler::new(Bucketing::V3);
        let flag = json!({
            "state": "ENABLED", "variants": {"on": true}, "defaultVariant": "on",
            "metadata": {"deprecated": true},
        });
        let set = compiler.compile(json!({"flags": {"old": flag}}), Strictness::Strict);
        let metrics = Some(Metrics::new());
        let flags = Flags::with(Context::new(), || 0, metrics, Runtime::new(compiler));
        flags.replace(set.unwrap()).unwrap();
        let old = flags.declare(Flag::boolean("old", false)).unwrap();
        let mut deprecated = Deprecated::default();
        let start = Instant::now();
        let mut in_use = |after| !deprecated.in_use(&flags, start + after).is_empty();
        assert!(!in_use(Duration::ZERO), "nothing has evaluated it");
        let _ = old.get();
        assert!(in_use(Duration::ZERO));
        let _ = old.get();
        assert!(!in_use(LOG_INTERVAL / 2));
        assert!(in_use(LOG_INTERVAL));
        assert!(!in_use(LOG_INTERVAL * 2), "nothing has evaluated it again");
    }
}
