use std::collections::BTreeSet;

use parking_lot::Mutex;
use seaworthy_config::Profile;
use seaworthy_core::{SwitchKind, Switches};

use crate::{
    Flags,
    context::{Context, Scope},
    runtime::ChangeError,
    set::FlagSet,
    snapshot::Snapshot,
};

/// The prefix of flags that turn parts of the framework off.
pub(crate) const DEFAULT_PREFIX: &str = "framework.";

/// Applies flags to the parts of the framework (FLAG-2).
pub(crate) struct Guard {
    switches: Switches,
    prefix: String,
    /// The parts that no flag can turn off.
    protected: BTreeSet<&'static str>,
    /// The protected parts that a flag turns off, which are logged once.
    refused: Mutex<BTreeSet<&'static str>>,
}

static NO_CONTEXT: Context = Context::new();

impl Guard {
    /// Protects the security parts in production, except `allowed`.
    pub(crate) fn new(
        switches: &Switches,
        prefix: &str,
        profile: Profile,
        allowed: &[String],
    ) -> Self {
        let is_protected = |name: &str, kind| {
            profile == Profile::Production
                && kind == SwitchKind::Security
                && !allowed.iter().any(|allowed| allowed == name)
        };
        let protected = switches.list().into_iter();
        Self {
            switches: switches.clone(),
            prefix: prefix.to_owned(),
            protected: protected
                .filter(|(name, kind)| is_protected(name, *kind))
                .map(|(name, _)| name)
                .collect(),
            refused: Mutex::default(),
        }
    }
}

impl Flags {
    /// Turns parts of the framework on or off by their flags. A flag that is not defined leaves
    /// its part on.
    pub(crate) fn apply_switches(&self) {
        let Some(guard) = self.0.guard.get() else {
            return;
        };
        let current = self.0.current.load();
        let is_off = |key: &str| self.is_off(&current, key);
        for (name, _) in guard.switches.list() {
            let is_off = is_off(&format!("{}{name}", guard.prefix));
            let is_protected = guard.protected.contains(name);
            let on = !is_off || is_protected;
            if guard.switches.set(name, on) {
                tracing::warn!(
                    part = name,
                    on,
                    "a feature flag turned a part of the service on or off"
                );
            }
            let mut refused = guard.refused.lock();
            if !(is_off && is_protected) {
                refused.remove(name);
            } else if refused.insert(name) {
                tracing::error!(
                    part = name,
                    "a feature flag turns off a part that protects the service: it stays on, because allowed_switches does not name it"
                );
            }
        }
        for group in guard.switches.groups() {
            let prefix = format!("{}{group}.", guard.prefix);
            let keys = current.set().iter().map(|flag| flag.key());
            let named = keys.filter_map(|key| Some((key, key.strip_prefix(&prefix)?)));
            let off = named.filter(|(key, _)| is_off(key));
            let off = off.map(|(_, name)| name.to_owned()).collect();
            guard.switches.set_group(group, &off);
        }
    }

    /// Returns the parts of the framework that flags turn off, and whether they are on.
    #[must_use]
    pub fn switches(&self) -> Vec<(&'static str, bool)> {
        let Some(guard) = self.0.guard.get() else {
            return Vec::new();
        };
        let parts = guard.switches.list().into_iter();
        parts
            .map(|(name, kind)| (name, guard.switches.register(name, kind).is_on()))
            .collect()
    }

    /// Whether a flag is defined and has the value false, without a request.
    fn is_off(&self, current: &Snapshot, key: &str) -> bool {
        let scope = Scope {
            own: &NO_CONTEXT,
            request: None,
            service: &self.0.service,
            clock: self.0.clock,
        };
        let set: &FlagSet = current.set();
        let resolved = set.resolve(set.index(key), &scope);
        let value = resolved.variant.map(crate::Variant::value);
        value.is_some_and(|value| *value == false)
    }

    /// Whether the key names a part of the framework, which needs no definition.
    pub(crate) fn is_switch(&self, key: &str) -> bool {
        let Some(guard) = self.0.guard.get() else {
            return false;
        };
        let Some(name) = key.strip_prefix(&guard.prefix) else {
            return false;
        };
        let is_part = guard.switches.list().iter().any(|(part, _)| *part == name);
        let group = name.split_once('.').map(|(group, _)| group);
        is_part || group.is_some_and(|group| guard.switches.groups().contains(&group))
    }

    /// Rejects an override that would turn off a protected part.
    ///
    /// # Errors
    /// [`ChangeError::Protected`].
    pub(crate) fn check_switch(&self, key: &str) -> Result<(), ChangeError> {
        let Some(guard) = self.0.guard.get() else {
            return Ok(());
        };
        let name = key.strip_prefix(&guard.prefix).unwrap_or_default();
        if guard.protected.contains(name) {
            return Err(ChangeError::Protected(name.to_owned()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{Author, Bucketing, Compiler, Strictness};

    fn flags(profile: Profile, allowed: &[String]) -> (Flags, Switches) {
        let switches = Switches::default();
        let _ = switches.register("rate_limit", SwitchKind::Security);
        let _ = switches.register("tracing", SwitchKind::Operational);
        let flags = Flags::new(Context::new());
        let guard = Guard::new(&switches, DEFAULT_PREFIX, profile, allowed);
        let _ = flags.0.guard.set(guard);
        (flags, switches)
    }

    fn turn_off(flags: &Flags) {
        let off = json!({"state": "ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": "off"});
        let document = json!({"flags": {"framework.rate_limit": off, "framework.tracing": off}});
        let set = Compiler::new(Bucketing::V3).compile(document, Strictness::Strict);
        flags.replace(set.unwrap()).unwrap();
    }

    #[test]
    fn production_keeps_security_part_on_flag_2() {
        let (flags, _) = flags(Profile::Production, &[]);
        turn_off(&flags);
        assert_eq!(flags.switches(), [("rate_limit", true), ("tracing", false)]);
    }

    #[test]
    fn allowance_lets_production_turn_part_off_flag_2() {
        let (flags, _) = flags(Profile::Production, &["rate_limit".to_owned()]);
        turn_off(&flags);
        assert_eq!(
            flags.switches(),
            [("rate_limit", false), ("tracing", false)]
        );
    }

    #[tokio::test]
    async fn override_of_protected_part_is_rejected_flag_2() {
        let (flags, _) = flags(Profile::Production, &[]);
        let entry = json!({"enabled": false});
        let author = Author::new("a test");
        let refused = flags
            .define("framework.rate_limit", entry.clone(), None, &author)
            .await;
        assert!(matches!(refused, Err(ChangeError::Protected(_))));
        assert!(
            flags
                .define("framework.tracing", entry, None, &author)
                .await
                .is_ok()
        );
    }
}
