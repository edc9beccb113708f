use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::state::{Override, OverrideScope};
use crate::context::TARGETING_KEY;

/// The callers of each variant, by the field that identifies them.
#[derive(Default)]
struct Scoped<'a> {
    all: Option<&'a str>,
    tenants: BTreeMap<&'a str, Vec<&'a str>>,
    users: BTreeMap<&'a str, Vec<&'a str>>,
}

/// Writes overrides into definitions in flagd's format. Evaluation, export and flag clients then
/// handle overrides without extra code. Ignores variants that a flag does not have.
pub(crate) fn apply<'a>(
    flags: &mut Map<String, Value>,
    overrides: impl Iterator<Item = &'a Override>,
) {
    let mut by_key: BTreeMap<&str, Scoped<'_>> = BTreeMap::new();
    for set in overrides {
        let scoped = by_key.entry(&set.key).or_default();
        match &set.scope {
            OverrideScope::All => scoped.all = Some(&set.variant),
            OverrideScope::Tenant(id) => scoped.tenants.entry(&set.variant).or_default().push(id),
            OverrideScope::User(id) => scoped.users.entry(&set.variant).or_default().push(id),
        }
    }
    for (key, scoped) in by_key {
        let flag = flags.entry(key).or_insert_with(undefined);
        if let Some(flag) = flag.as_object_mut() {
            scoped.write(flag);
        }
    }
}

/// Returns the definition of a flag that no file defines. It has no variant for other callers.
pub(crate) fn undefined() -> Value {
    json!({"state": "ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": null})
}

impl Scoped<'_> {
    fn write(&self, flag: &mut Map<String, Value>) {
        let variants = flag.get("variants").and_then(Value::as_object).cloned();
        let exists = |name: &str| variants.as_ref().is_some_and(|all| all.contains_key(name));
        let is_disabled = flag.get("state").is_some_and(|state| state == "DISABLED");
        match self.all.filter(|name| exists(name)) {
            Some(name) => {
                flag.insert("state".into(), "ENABLED".into());
                flag.insert("defaultVariant".into(), name.into());
                flag.remove("targeting");
            }
            // Other callers still get the default of the code.
            None if is_disabled => {
                flag.insert("state".into(), "ENABLED".into());
                flag.insert("defaultVariant".into(), Value::Null);
                flag.remove("targeting");
            }
            None => {}
        }
        // A user is more specific than a tenant.
        let users = self.users.iter().map(|entry| (TARGETING_KEY, entry));
        let tenants = self.tenants.iter().map(|entry| ("tenant", entry));
        let mut branches = Vec::new();
        for (field, (variant, ids)) in users.chain(tenants) {
            if exists(variant) {
                branches.push(json!({"in": [{"var": field}, ids]}));
                branches.push((*variant).into());
            }
        }
        if !branches.is_empty() {
            branches.push(flag.remove("targeting").unwrap_or(Value::Null));
            flag.insert("targeting".into(), json!({ "if": branches }));
        }
    }
}
