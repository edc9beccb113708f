use std::sync::atomic::Ordering::Relaxed;

use crate::{CapabilityKind, Flags};

/// Returns findings about flags that can be evaluated and still need attention.
pub(crate) fn lint(flags: &Flags) -> Vec<String> {
    let (set, declared, now) = (flags.set(), flags.declarations(), flags.now());
    let built_in_keys = flags.0.runtime.sources.lock().layers.built_in_keys.clone();
    let guards_routes = flags.0.guards_routes.load(Relaxed);
    let governs_apis =
        |key: &str| guards_routes && !flags.items_of(key, CapabilityKind::Api).is_empty();
    let is_known = |key: &str| {
        let is_declared = declared.iter().any(|other| &*other.key == key);
        let is_used = is_declared || built_in_keys.contains(key) || flags.is_switch(key);
        is_used || governs_apis(key)
    };
    let mut findings = Vec::new();
    for flag in set.iter() {
        let key = flag.key();
        if !is_known(key) {
            findings.push(format!(
                "{key}: the code does not declare this flag, and the flag does not govern an API: remove it from the files"
            ));
        }
        if flag.is_broken() {
            findings.push(format!("{key}: the rule is not valid"));
        }
    }
    for flag in &declared {
        let key = &flag.key;
        if set.get(key).is_none() && flag.kind.lifetime_days().is_some() {
            findings.push(format!(
                "{key}: the files do not define this flag: remove it from the code"
            ));
        }
        if flag.owner.is_none() {
            findings.push(format!(
                "{key}: the flag has no owner: declare it with .owner(…)"
            ));
        }
        match flag.expires {
            Some(day) if day <= now.date_naive() => {
                findings.push(format!(
                    "{key}: the flag expired on {day}: remove it from the code"
                ));
            }
            None if flag.kind.lifetime_days().is_some() => {
                let kind = flag.kind.as_str();
                findings.push(format!(
                    "{key}: a {kind} flag needs a day of expiry: declare it with .expires(…)"
                ));
            }
            _ => {}
        }
    }
    findings
}
