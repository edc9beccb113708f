use std::{collections::BTreeMap, time::SystemTime};

use seaworthy::{data::chrono::DateTime, prost_types::Timestamp};
use serde_json::{Map, Value};

use crate::contract::feature::v1::{Strategy, ToggleConfig};

/// The times of the creation and of the last change.
const CREATED_AT: &str = "created_at";
const UPDATED_AT: &str = "updated_at";
/// The fields of a definition of the contract, besides its rules.
const CONTRACT_FIELDS: [&str; 6] = [
    "enabled",
    "strategy",
    "description",
    "tags",
    CREATED_AT,
    UPDATED_AT,
];
/// The fields that only files define: the items that the flag governs and requires. API changes
/// keep them, because their loss would expose the governed APIs.
const KEPT: [&str; 9] = [
    "permissions",
    "apis",
    "routes",
    "configs",
    "audit_logs",
    "capabilities",
    "owner",
    "requires",
    "deprecation",
];
/// The fields of flagd's format and of flags with variants, which a definition of the contract
/// cannot express.
const FOREIGN_FIELDS: [&str; 7] = [
    "state",
    "variants",
    "values",
    "default",
    "defaultVariant",
    "targeting",
    "metadata",
];

/// The definition of a flag in the short form of the flag files.
#[derive(Debug, Clone)]
pub(crate) struct Entry(Map<String, Value>);

impl Entry {
    /// Reads an entry. `true` and `false` are entries without fields.
    pub(crate) fn new(value: Value) -> Self {
        match value {
            Value::Object(fields) => Self(fields),
            Value::Bool(enabled) => Self(Map::from_iter([("enabled".to_owned(), enabled.into())])),
            _ => Self(Map::new()),
        }
    }

    pub(crate) fn into_value(self) -> Value {
        Value::Object(self.0)
    }

    /// Copies the fields that a definition of the contract does not have.
    pub(crate) fn with_kept_fields(mut self, known: &Self) -> Self {
        for name in KEPT {
            if let Some(value) = known.0.get(name) {
                self.0.insert(name.to_owned(), value.clone());
            }
        }
        self
    }

    /// Whether a definition of the contract can express the flag.
    pub(crate) fn is_of_contract(&self) -> bool {
        let mut fields = FOREIGN_FIELDS.iter();
        !fields.any(|name| self.0.contains_key(*name))
    }

    /// Whether the flag is enabled, in the short form or in flagd's format.
    pub(crate) fn is_enabled(&self) -> bool {
        match self.0.get("state").and_then(Value::as_str) {
            Some(state) => state == "ENABLED",
            None => self.0.get("enabled") == Some(&Value::Bool(true)),
        }
    }

    /// Whether the flag is on for every caller.
    pub(crate) fn is_always_on(&self) -> bool {
        self.is_enabled() && self.strategy() == Strategy::Simple && self.requires().next().is_none()
    }

    /// Enables or disables the flag. flagd's format has no time of the last change.
    pub(crate) fn set_enabled(&mut self, enabled: bool, now: &Timestamp) {
        if self.0.contains_key("state") {
            let state = if enabled { "ENABLED" } else { "DISABLED" };
            self.0.insert("state".to_owned(), state.into());
            return;
        }
        self.0.insert("enabled".to_owned(), enabled.into());
        if self.is_of_contract() {
            self.0.insert(UPDATED_AT.to_owned(), now.to_string().into());
        }
    }

    /// Returns the names of the flags that must be on.
    pub(crate) fn requires(&self) -> impl Iterator<Item = &str> {
        let names = self.0.get("requires").and_then(Value::as_array);
        names.into_iter().flatten().filter_map(Value::as_str)
    }

    pub(crate) fn has_tag(&self, wanted: &[String]) -> bool {
        let own = self.tags();
        wanted.is_empty() || wanted.iter().any(|tag| own.contains(tag))
    }

    fn tags(&self) -> Vec<String> {
        let tags = self.0.get("tags").and_then(Value::as_array);
        let tags = tags.into_iter().flatten().filter_map(Value::as_str);
        tags.map(ToOwned::to_owned).collect()
    }

    /// Returns the strategy: the declared one, or the first that a rule belongs to.
    pub(crate) fn strategy(&self) -> Strategy {
        let of = |names: &[&str]| names.iter().any(|name| self.0.contains_key(*name));
        match self.0.get("strategy").and_then(Value::as_str) {
            Some("percentage") => Strategy::Percentage,
            Some("user") => Strategy::User,
            Some("time") => Strategy::Time,
            Some("environment") => Strategy::Environment,
            Some(_) => Strategy::Simple,
            None if of(&["percentage"]) => Strategy::Percentage,
            None if of(&[
                "users",
                "groups",
                "user_types",
                "attributes",
                "excluded_users",
            ]) =>
            {
                Strategy::User
            }
            None if of(&["from", "until", "workdays_only", "work_hours"]) => Strategy::Time,
            None if of(&["environments", "environment", "version"]) => Strategy::Environment,
            None => Strategy::Simple,
        }
    }

    /// Returns the entry in the form of the contract.
    pub(crate) fn config(&self) -> ToggleConfig {
        let text = |name: &str| self.0.get(name).and_then(Value::as_str).unwrap_or_default();
        ToggleConfig {
            enabled: self.is_enabled(),
            strategy: self.strategy().into(),
            rules: self.rules(),
            description: text("description").to_owned(),
            tags: self.tags(),
            created_at: timestamp(text(CREATED_AT)),
            updated_at: timestamp(text(UPDATED_AT)),
        }
    }

    fn rules(&self) -> BTreeMap<String, String> {
        let rules = match self.0.get("rules").and_then(Value::as_object) {
            Some(rules) => rules.iter().collect::<Vec<_>>(),
            None => {
                let fields = self.0.iter();
                let is_rule =
                    |name: &str| !CONTRACT_FIELDS.contains(&name) && !KEPT.contains(&name);
                fields.filter(|(name, _)| is_rule(name)).collect()
            }
        };
        let text = |value: &Value| match value {
            Value::String(text) => text.clone(),
            value => value.to_string(),
        };
        let rules = rules.into_iter();
        rules
            .map(|(name, value)| (name.clone(), text(value)))
            .collect()
    }
}

/// The entry of a definition of the contract.
impl From<ToggleConfig> for Entry {
    fn from(config: ToggleConfig) -> Self {
        let strategy = config.strategy().as_str_name().to_lowercase();
        let value = |text: String| match serde_json::from_str(&text) {
            Ok(Value::String(_)) | Err(_) => Value::String(text),
            Ok(value) => value,
        };
        let rules = config.rules.into_iter();
        let rules: Map<String, Value> = rules.map(|(name, text)| (name, value(text))).collect();
        let mut fields = Map::new();
        let mut set = |name: &str, value: Value| fields.insert(name.to_owned(), value);
        set("enabled", config.enabled.into());
        set("strategy", strategy.into());
        set("rules", rules.into());
        set("description", config.description.into());
        set("tags", config.tags.into());
        for (name, time) in [
            (CREATED_AT, config.created_at),
            (UPDATED_AT, config.updated_at),
        ] {
            if let Some(time) = time {
                set(name, time.to_string().into());
            }
        }
        Self(fields)
    }
}

fn timestamp(text: &str) -> Option<Timestamp> {
    let time = DateTime::parse_from_rfc3339(text).ok()?;
    Some(SystemTime::from(time).into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn entry_keeps_its_rules_through_the_contract_flag_1() {
        for rules in [
            json!({"percentage": 30}),
            json!({"percentage": 30.5, "sticky_by": "device"}),
            json!({"whitelist": ["7", "8"], "attributes": {"plan": ["team"]}}),
            json!({"start_time": "2026-01-01T00:00:00Z", "workdays_only": true}),
        ] {
            let entry = Entry::new(json!({"enabled": true, "strategy": "time", "rules": rules}));
            let back = Entry::from(entry.config()).into_value();
            assert_eq!(back["rules"], rules);
            assert_eq!(
                (&back["enabled"], &back["strategy"]),
                (&json!(true), &json!("time"))
            );
        }
    }

    #[test]
    fn change_keeps_what_the_flag_governs_flag_1() {
        let file = json!({"enabled": true, "percentage": 5, "apis": ["GET /a"],
            "capabilities": {"routes": ["/b"]}, "requires": ["c"], "owner": "team"});
        let known = Entry::new(file.clone());
        let config = known.config();
        assert_eq!(config.rules.len(), 1, "{:?}", config.rules);
        let changed = Entry::from(config).with_kept_fields(&known).into_value();
        for field in ["apis", "capabilities", "requires", "owner"] {
            assert_eq!(changed[field], file[field], "{field}");
        }
        assert_eq!(changed["rules"], json!({"percentage": 5}));
    }

    #[test]
    fn strategy_follows_from_rules_of_the_short_form_flag_1() {
        let strategy = |value| Entry::new(value).strategy();
        assert_eq!(strategy(json!(true)), Strategy::Simple);
        assert_eq!(
            strategy(json!({"enabled": true, "percentage": 5})),
            Strategy::Percentage
        );
        assert_eq!(strategy(json!({"groups": ["staff"]})), Strategy::User);
        assert_eq!(
            strategy(json!({"until": "2026-01-01T00:00:00Z"})),
            Strategy::Time
        );
        assert_eq!(
            strategy(json!({"environments": ["test"]})),
            Strategy::Environment
        );
        let entry = Entry::new(json!({"enabled": true, "percentage": 5}));
        assert_eq!(entry.config().rules["percentage"], "5");
        assert!(Entry::new(json!(true)).is_enabled() && !Entry::new(json!({})).is_enabled());
    }
}
