use serde_json::{Map, Value, json};

use super::{
    condition::{Condition, Requirement},
    form::DEPRECATION,
};
use crate::problem::{Path, Problems};

/// The fields of an entry that are not conditions.
const PLAIN: [&str; 13] = [
    "enabled",
    "strategy",
    "rules",
    "description",
    "owner",
    "tags",
    "created_at",
    "updated_at",
    "requires",
    "variants",
    "values",
    "capabilities",
    "deprecation",
];

/// Lists of names that a flag governs. A service reads them with `Flags::entry`.
const CAPABILITIES: [&str; 5] = ["permissions", APIS, "routes", "configs", "audit_logs"];

const APIS: &str = "apis";

/// A flag in the short form.
pub(super) struct Entry {
    enabled: bool,
    condition: Condition,
    requires: Vec<String>,
    /// The weights of variants. Empty for a flag that is on or off.
    weights: Map<String, Value>,
    values: Map<String, Value>,
    default: Option<String>,
    key: String,
    metadata: Map<String, Value>,
}

impl Entry {
    pub(super) fn read(key: &str, entry: &Value, path: &Path<'_>, problems: &mut Problems) -> Self {
        let empty = Map::new();
        let fields = match entry {
            Value::Object(fields) => fields,
            Value::Bool(enabled) => {
                return Self::boolean(key, *enabled);
            }
            _ => {
                problems.add(path, "a flag must be true, false or a mapping");
                &empty
            }
        };
        let mut flag = Self::boolean(key, false);
        match fields.get("enabled") {
            Some(Value::Bool(enabled)) => flag.enabled = *enabled,
            None => {}
            Some(_) => problems.add(&path.then("enabled"), "must be true or false"),
        }
        for name in ["description", "owner"] {
            match fields.get(name) {
                Some(Value::String(text)) => {
                    flag.metadata.insert(name.to_owned(), text.as_str().into());
                }
                None => {}
                Some(_) => problems.add(&path.then(name), "must be a string"),
            }
        }
        if let Some(deprecation) = fields.get("deprecation") {
            DEPRECATION.check(deprecation, &path.then("deprecation"), problems);
            for name in ["deprecated", "removalDate", "replacement"] {
                if let Some(value) = deprecation.get(name) {
                    flag.metadata.insert(name.to_owned(), value.clone());
                }
            }
        }
        if let Some(requires) = fields.get("requires") {
            flag.requires = super::condition::strings(requires, &path.then("requires"), problems);
        }
        check_capabilities(fields, path, problems);
        flag.read_variants(fields, path, problems);
        let conditions: Map<String, Value> = fields
            .iter()
            .filter(|(name, _)| !PLAIN.contains(&name.as_str()) && *name != "default")
            .filter(|(name, _)| !CAPABILITIES.contains(&name.as_str()))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        let direct = Condition::read(key, &conditions, path, problems);
        let strategy = flag.read_strategy(fields, path, problems);
        flag.condition = Condition::All(vec![direct, strategy]);
        flag
    }

    fn boolean(key: &str, enabled: bool) -> Self {
        Self {
            enabled,
            condition: Condition::All(Vec::new()),
            requires: Vec::new(),
            weights: Map::new(),
            values: Map::new(),
            default: None,
            key: key.to_owned(),
            metadata: Map::new(),
        }
    }

    /// Reads the form with `strategy` and `rules`.
    fn read_strategy(
        &self,
        fields: &Map<String, Value>,
        path: &Path<'_>,
        problems: &mut Problems,
    ) -> Condition {
        let empty = Map::new();
        let rules = match fields.get("rules") {
            Some(Value::Object(rules)) => rules,
            None => &empty,
            Some(_) => {
                problems.add(&path.then("rules"), "must be a mapping");
                &empty
            }
        };
        let path = path.then("rules");
        match fields.get("strategy").map(Value::as_str) {
            None if rules.is_empty() => Condition::All(Vec::new()),
            Some(Some("simple")) => Condition::All(Vec::new()),
            Some(Some("user")) => Condition::read_user(&self.key, rules, &path, problems),
            Some(Some(
                strategy @ ("percentage" | "time" | "environment" | "composite" | "variant"),
            )) => {
                let has_rule = |name: &str| rules.contains_key(name) || fields.contains_key(name);
                Condition::check_strategy(strategy, has_rule, &path, problems);
                Condition::read(&self.key, rules, &path, problems)
            }
            _ => {
                problems.add(
                    &path,
                    "`rules` needs a `strategy`: simple, percentage, user, time, environment or composite",
                );
                Condition::All(Vec::new())
            }
        }
    }

    fn read_variants(
        &mut self,
        fields: &Map<String, Value>,
        path: &Path<'_>,
        problems: &mut Problems,
    ) {
        match fields.get("variants") {
            None => return,
            Some(Value::Object(weights)) if !weights.is_empty() => {
                for (name, weight) in weights {
                    if !weight
                        .as_i64()
                        .is_some_and(|weight| (0..=1_000_000).contains(&weight))
                    {
                        let path = path.then("variants");
                        problems.add(
                            &path.then(name),
                            "a weight must be a whole number of 0–1000000",
                        );
                    }
                }
                self.weights.clone_from(weights);
            }
            Some(_) => problems.add(
                &path.then("variants"),
                "must be a mapping of names and weights",
            ),
        }
        match fields.get("values") {
            None => {}
            Some(Value::Object(values)) => self.values.clone_from(values),
            Some(_) => problems.add(
                &path.then("values"),
                "must be a mapping of variants and values",
            ),
        }
        match fields.get("default").map(Value::as_str) {
            Some(Some(name)) if self.weights.contains_key(name) => {
                self.default = Some(name.to_owned())
            }
            None => {}
            _ => problems.add(&path.then("default"), "must be one of the variants"),
        }
    }

    /// Returns the flag in flagd's format.
    pub(super) fn compile(&self, requirement: &mut Requirement<'_>) -> Result<Value, String> {
        let (variants, off, on) = if self.weights.is_empty() {
            (json!({"on": true, "off": false}), json!("off"), json!("on"))
        } else {
            let value = |name: &String| {
                self.values
                    .get(name)
                    .cloned()
                    .unwrap_or_else(|| name.as_str().into())
            };
            let variants: Map<_, _> = self
                .weights
                .keys()
                .map(|name| (name.clone(), value(name)))
                .collect();
            let buckets = self
                .weights
                .iter()
                .map(|(name, weight)| json!([name, weight]));
            let split = Condition::split(&self.key, buckets.collect());
            (Value::Object(variants), json!(self.default), split)
        };
        let mut flag = Map::new();
        flag.insert("state".into(), "ENABLED".into());
        flag.insert("variants".into(), variants);
        // Read the condition of a disabled flag too, so that a missing requirement is an error.
        let condition = self.condition(requirement)?;
        if self.enabled {
            // The percentage of a flag without other conditions is a plain split.
            let rule = match (
                self.requires.is_empty() && self.weights.is_empty(),
                self.condition.percentage(),
            ) {
                (true, Some(buckets)) => Condition::split(&self.key, buckets),
                _ => match condition {
                    Value::Bool(true) => on,
                    condition => json!({"if": [condition, on, null]}),
                },
            };
            if rule == json!("on") {
                flag.insert("defaultVariant".into(), rule);
            } else {
                flag.insert("defaultVariant".into(), off);
                flag.insert("targeting".into(), rule);
            }
        } else {
            flag.insert("defaultVariant".into(), off);
        }
        if !self.metadata.is_empty() {
            flag.insert("metadata".into(), Value::Object(self.metadata.clone()));
        }
        Ok(Value::Object(flag))
    }

    /// Returns the condition under which the flag is on.
    pub(super) fn condition(&self, requirement: &mut Requirement<'_>) -> Result<Value, String> {
        let mut all = vec![self.enabled.into(), self.condition.compile()];
        for name in &self.requires {
            all.push(requirement(name)?);
        }
        Ok(super::condition::and(all))
    }
}

/// Checks the lists of names that a flag governs, also below `capabilities`.
fn check_capabilities(fields: &Map<String, Value>, path: &Path<'_>, problems: &mut Problems) {
    for name in CAPABILITIES {
        if let Some(names) = fields.get(name) {
            check_names(name, names, &path.then(name), problems);
        }
    }
    let path = path.then("capabilities");
    match fields.get("capabilities") {
        None => {}
        Some(Value::Object(nested)) => {
            for (name, names) in nested {
                let path = path.then(name);
                match CAPABILITIES.contains(&name.as_str()) {
                    true => check_names(name, names, &path, problems),
                    false => problems.add(&path, "unknown kind of capability"),
                }
            }
        }
        Some(_) => problems.add(&path, "must be a mapping of kinds and lists"),
    }
}

fn check_names(kind: &str, names: &Value, path: &Path<'_>, problems: &mut Problems) {
    let names = super::condition::strings(names, path, problems);
    for name in names.iter().filter(|name| kind == APIS && !is_api(name)) {
        let problem = format!(
            "{name:?} must be a method in capitals, one space and a path, such as `GET /reports/{{id}}`"
        );
        problems.add(path, problem);
    }
}

/// Whether a name is a method and the template of a path. Other forms match no route.
fn is_api(name: &str) -> bool {
    name.split_once(' ').is_some_and(|(method, path)| {
        let is_method = method.bytes().all(|byte| byte.is_ascii_uppercase());
        let is_template = path.starts_with('/') && !path.contains("/:");
        is_method && !method.is_empty() && is_template && !path.contains(char::is_whitespace)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn api_is_a_method_and_a_path_flag_1() {
        for (name, is_valid) in [
            ("GET /reports/{id}", true),
            ("HEAD /", true),
            ("POST /reports.v1.Reports/Get", true),
            ("POST /v1/reports/{id}:cancel", true),
            ("get /reports/{id}", false),
            ("* /reports/{id}", false),
            ("GET  /reports/{id}", false),
            ("GET /reports/{id} ", false),
            ("GET /reports/:id", false),
            ("GET reports", false),
            (" /reports", false),
            ("/reports.v1.Reports/Get", false),
            ("reports.v1.Reports/Get", false),
        ] {
            for fields in [
                json!({"enabled": true, "apis": [name]}),
                json!({"enabled": true, "capabilities": {"apis": [name], "routes": ["any text"]}}),
            ] {
                let mut problems = Problems::default();
                Entry::read("reports", &fields, &Path::ROOT, &mut problems);
                assert_eq!(problems.0.is_empty(), is_valid, "{name:?}: {problems:?}");
            }
        }
    }
}
