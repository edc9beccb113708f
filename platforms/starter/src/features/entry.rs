use std::{collections::BTreeMap, time::SystemTime};

use seaworthy::{data::chrono::DateTime, flags::FILE_FIELDS, prost_types::Timestamp};
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

/// The rules of composite flags, which a definition of the contract cannot express.
const COMPOSITE_RULES: [&str; 3] = ["all", "any", "not"];
/// The rules whose value is a number, `true` or `false`. In other rules, such a value is a text, as
/// the user ID `7`.
const PLAIN_RULES: [&str; 2] = ["percentage", "workdays_only"];
/// The rules of the strategy `user` that include callers.
const INCLUSIONS: [&str; 5] = ["users", "whitelist", "groups", "user_types", "attributes"];
const EXCLUSIONS: [&str; 2] = ["excluded_users", "blacklist"];
const PERCENTAGE_RULES: [&str; 2] = ["percentage", "sticky_by"];
const TIME_RULES: [&str; 7] = [
    "from",
    "start_time",
    "until",
    "end_time",
    "workdays_only",
    "work_hours",
    "timezone",
];
const ENVIRONMENT_RULES: [&str; 4] = ["environments", "environment", "version", "version_range"];

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

    /// Copies the fields that only files define.
    pub(crate) fn with_file_fields(mut self, known: &Self) -> Self {
        for name in FILE_FIELDS {
            if let Some(value) = known.0.get(name) {
                self.0.insert(name.to_owned(), value.clone());
            }
        }
        self
    }

    /// Whether a definition of the contract can express the flag. Without this check, a client that
    /// sends back the definition that it has read could turn a restricted flag on for all callers.
    pub(crate) fn is_of_contract(&self) -> bool {
        let declared = self.declared_strategy();
        // If the contract does not have the declared strategy, the entry has another one.
        if self.has_foreign_fields()
            || self.is_composite()
            || declared.is_some_and(|name| name != self.strategy_name())
        {
            return false;
        }
        let direct: Vec<&str> = self.direct_rules().map(|(name, _)| name).collect();
        // Rules next to `rules` would be lost.
        direct.is_empty()
            || (!self.0.contains_key("rules") && self.are_rules_of_strategy(declared, &direct))
    }

    fn has_foreign_fields(&self) -> bool {
        FOREIGN_FIELDS.iter().any(|name| self.0.contains_key(*name))
    }

    /// Whether the flag combines conditions with `all`, `any` or `not`. The strategy `simple`
    /// ignores `rules`.
    pub(crate) fn is_composite(&self) -> bool {
        match self.declared_strategy() {
            Some("composite") => true,
            Some("simple") => is_combined(&self.0),
            _ => is_combined(&self.0) || self.has_combined_rules(),
        }
    }

    /// Whether `rules` contains `all`, `any` or `not`.
    pub(crate) fn has_combined_rules(&self) -> bool {
        let rules = self.0.get("rules").and_then(Value::as_object);
        rules.is_some_and(is_combined)
    }

    fn declared_strategy(&self) -> Option<&str> {
        self.0.get("strategy").and_then(Value::as_str)
    }

    /// Returns the rules outside of `rules`.
    fn direct_rules(&self) -> impl Iterator<Item = (&str, &Value)> {
        let fields = self.0.iter().map(|(name, value)| (name.as_str(), value));
        fields.filter(|(name, _)| {
            *name != "rules" && !CONTRACT_FIELDS.contains(name) && !FILE_FIELDS.contains(name)
        })
    }

    /// Whether rules outside of `rules` have the same effect as rules of the strategy. Outside, all
    /// rules of users must match. In the strategy `user`, one of them must match.
    fn are_rules_of_strategy(&self, declared: Option<&str>, direct: &[&str]) -> bool {
        let are_of = |rules: &[&str]| direct.iter().all(|name| rules.contains(name));
        match self.strategy() {
            Strategy::Simple => false,
            Strategy::Percentage => are_of(&PERCENTAGE_RULES),
            Strategy::Time => are_of(&TIME_RULES),
            Strategy::Environment => are_of(&ENVIRONMENT_RULES),
            Strategy::User => {
                let inclusions = direct.iter().filter(|name| INCLUSIONS.contains(*name));
                let attributes = self.0.get("attributes").and_then(Value::as_object);
                declared.is_none()
                    && inclusions.count() == 1
                    && attributes.is_none_or(|attributes| attributes.len() == 1)
                    && are_of(&[&INCLUSIONS[..], &EXCLUSIONS[..]].concat())
            }
        }
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
        self.is_enabled()
            && self.strategy() == Strategy::Simple
            && !self.is_composite()
            && self.requires().next().is_none()
    }

    /// Enables or disables the flag. flagd's format has no time of the last change.
    pub(crate) fn set_enabled(&mut self, enabled: bool, now: &Timestamp) {
        if self.0.contains_key("state") {
            let state = if enabled { "ENABLED" } else { "DISABLED" };
            self.0.insert("state".to_owned(), state.into());
            return;
        }
        self.0.insert("enabled".to_owned(), enabled.into());
        if !self.has_foreign_fields() {
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
        match self.declared_strategy() {
            Some("percentage") => Strategy::Percentage,
            Some("user") => Strategy::User,
            Some("time") => Strategy::Time,
            Some("environment") => Strategy::Environment,
            Some(_) => Strategy::Simple,
            None if of(&["percentage"]) => Strategy::Percentage,
            None if of(&INCLUSIONS) || of(&EXCLUSIONS) => Strategy::User,
            None if of(&TIME_RULES) => Strategy::Time,
            None if of(&ENVIRONMENT_RULES) => Strategy::Environment,
            None => Strategy::Simple,
        }
    }

    pub(crate) fn strategy_name(&self) -> String {
        name_of(self.strategy())
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
        let rules: Vec<(&str, &Value)> = match self.0.get("rules").and_then(Value::as_object) {
            Some(rules) => rules
                .iter()
                .map(|(name, value)| (name.as_str(), value))
                .collect(),
            None => self.direct_rules().collect(),
        };
        let text = |value: &Value| match value {
            Value::String(text) => text.clone(),
            value => value.to_string(),
        };
        let rules = rules.into_iter();
        rules
            .map(|(name, value)| (name.to_owned(), text(value)))
            .collect()
    }
}

/// The entry of a definition of the contract.
impl From<ToggleConfig> for Entry {
    fn from(config: ToggleConfig) -> Self {
        let strategy = name_of(config.strategy());
        let value = |name: &str, text: String| match serde_json::from_str(&text) {
            Ok(value @ (Value::Array(_) | Value::Object(_))) => value,
            Ok(value @ (Value::Number(_) | Value::Bool(_))) if PLAIN_RULES.contains(&name) => value,
            _ => Value::String(text),
        };
        let rules = config.rules.into_iter().map(|(name, text)| {
            let value = value(&name, text);
            (name, value)
        });
        let rules: Map<String, Value> = rules.collect();
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

/// Returns the name of a strategy in the short form.
fn name_of(strategy: Strategy) -> String {
    strategy.as_str_name().to_lowercase()
}

fn is_combined(rules: &Map<String, Value>) -> bool {
    COMPOSITE_RULES.iter().any(|name| rules.contains_key(*name))
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
            json!({"percentage": 30, "sticky_by": "7"}),
            json!({"whitelist": "7", "environment": "true"}),
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
        let changed = Entry::from(config).with_file_fields(&known).into_value();
        for field in ["apis", "capabilities", "requires", "owner"] {
            assert_eq!(changed[field], file[field], "{field}");
        }
        assert_eq!(changed["rules"], json!({"percentage": 5}));
    }

    #[test]
    fn definition_with_the_same_effect_is_of_the_contract_flag_1() {
        for entry in [
            json!(true),
            json!({"enabled": true, "percentage": 5, "sticky_by": "device", "owner": "team"}),
            json!({"strategy": "percentage", "percentage": 5}),
            json!({"strategy": "user", "rules": {"users": ["7"], "groups": ["staff"]}}),
            json!({"groups": ["staff"], "excluded_users": ["7"]}),
            json!({"attributes": {"plan": "team"}}),
            json!({"from": "2026-01-01T00:00:00Z", "timezone": "UTC"}),
            json!({"environments": ["test"], "version_range": {"min": "1.0.0"}}),
            // The strategy ignores these rules.
            json!({"strategy": "simple", "rules": {"any": [{"percentage": 5}]}}),
        ] {
            assert!(Entry::new(entry.clone()).is_of_contract(), "{entry}");
        }
    }

    #[test]
    fn definition_that_the_contract_would_widen_is_foreign_flag_1() {
        for entry in [
            json!({"any": [{"percentage": 5}]}),
            json!({"strategy": "composite", "rules": {"not": {"users": ["7"]}}}),
            json!({"strategy": "percentage", "rules": {"percentage": 5, "all": [{"users": ["7"]}]}}),
            json!({"strategy": "variant", "rules": {"users": ["7"]}}),
            json!({"percentage": 5, "groups": ["staff"]}),
            json!({"users": ["7"], "groups": ["staff"]}),
            json!({"attributes": {"plan": "team", "region": "eu"}}),
            json!({"excluded_users": ["7"]}),
            json!({"strategy": "simple", "percentage": 5}),
            json!({"strategy": "user", "users": ["7"]}),
            json!({"strategy": "time", "rules": {"workdays_only": true}, "users": ["7"]}),
        ] {
            let entry = Entry::new(entry);
            assert!(!entry.is_of_contract(), "{entry:?}");
        }
        let mut composite = Entry::new(json!({"enabled": true, "any": [{"percentage": 5}]}));
        assert!(composite.is_composite() && !composite.is_always_on());
        composite.set_enabled(false, &Timestamp::default());
        assert!(composite.0.contains_key(UPDATED_AT));
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
