//! The forms of a flag file: flags at the top, below `features`, or as a `FeatureConfiguration`.

use chrono::NaiveDate;
use regex::Regex;
use serde_json::{Map, Value};

use super::{
    merge::{align, merge},
    shape::{Shape, day},
};
use crate::problem::{Path, Problem, Problems};

/// A flag file as flags of the short form.
#[derive(Debug, Default)]
pub(crate) struct Form {
    pub(crate) flags: Map<String, Value>,
    /// The path to the flags in the file.
    pub(crate) prefix: &'static [&'static str],
    /// Fields of flags that no lower file defines.
    defaults: Map<String, Value>,
}

const METADATA: Shape = Shape::Fields(&[
    ("name", Shape::Text),
    ("version", Shape::Text),
    ("description", Shape::Text),
    ("createdAt", Shape::Date),
    ("updatedAt", Shape::Date),
    ("labels", Shape::Labels),
    ("annotations", Shape::Labels),
    ("owner", Shape::Text),
    ("tags", Shape::Texts),
]);
const FEATURE: Shape = Shape::Fields(&[
    ("enabled", Shape::Bool),
    ("strategy", Shape::Text),
    ("rules", Shape::Any),
    (
        "capabilities",
        Shape::Fields(&[
            ("permissions", Shape::Texts),
            ("apis", Shape::Texts),
            ("routes", Shape::Texts),
            ("configs", Shape::Texts),
            ("auditLogs", Shape::Texts),
        ]),
    ),
    (
        "metadata",
        Shape::Fields(&[
            ("description", Shape::Text),
            ("tags", Shape::Texts),
            ("owner", Shape::Text),
            ("reviewers", Shape::Texts),
            ("documentation", Shape::Text),
            ("contactInfo", Shape::Text),
            ("priority", Shape::Text),
            ("environments", Shape::Texts),
        ]),
    ),
    ("dependencies", Shape::Texts),
    ("deprecation", DEPRECATION),
]);
pub(super) const DEPRECATION: Shape = Shape::Fields(&[
    ("deprecated", Shape::Bool),
    ("deprecatedAt", Shape::Date),
    ("removalDate", Shape::Date),
    ("reason", Shape::Text),
    ("replacement", Shape::Text),
    ("migrationGuide", Shape::Text),
]);
const SPEC: Shape = Shape::Fields(&[
    ("features", Shape::Labels),
    (
        "defaults",
        Shape::Fields(&[
            ("strategy", Shape::Text),
            ("enabled", Shape::Bool),
            ("ttl", Shape::Duration),
        ]),
    ),
    (
        "validation",
        Shape::Fields(&[
            ("strict", Shape::Bool),
            ("requiredFields", Shape::Texts),
            ("allowedStrategies", Shape::Texts),
            ("allowedEnvironments", Shape::Texts),
            ("featureNamePattern", Shape::Text),
            ("maxFeatures", Shape::Count),
            ("maxRulesPerFeature", Shape::Count),
            ("maxCapabilitiesPerType", Shape::Count),
            ("requireOwnership", Shape::Bool),
            ("requireDocumentation", Shape::Bool),
        ]),
    ),
    (
        "policies",
        Shape::Fields(&[
            (
                "autoCleanup",
                Shape::Fields(&[
                    ("enabled", Shape::Bool),
                    ("interval", Shape::Duration),
                    ("unusedFor", Shape::Duration),
                ]),
            ),
            (
                "deprecationPolicy",
                Shape::Fields(&[
                    ("gracePeriod", Shape::Duration),
                    ("warnBefore", Shape::Duration),
                ]),
            ),
            ("accessControl", Shape::Labels),
            (
                "changeManagement",
                Shape::Fields(&[
                    ("requireApproval", Shape::Bool),
                    ("rollbackTimeout", Shape::Duration),
                    ("canaryPercentage", Shape::Count),
                ]),
            ),
        ]),
    ),
]);
const CONFIGURATION: Shape = Shape::Fields(&[
    ("apiVersion", Shape::Text),
    ("kind", Shape::Text),
    ("metadata", METADATA),
    ("spec", SPEC),
]);

const MAX_FEATURES: u64 = 1_000;
const MAX_RULES: u64 = 10;
const MAX_CAPABILITIES: u64 = 100;

impl Form {
    /// Reads a document. Adds errors of its structure to `found`. Flags are checked later.
    pub(crate) fn read(document: &Value, found: &mut Vec<Problem>) -> Self {
        let mut problems = Problems::default();
        let form = Self::parse(document, &mut problems);
        found.extend(problems.0);
        form
    }

    fn parse(document: &Value, problems: &mut Problems) -> Self {
        let root = Path::ROOT;
        let fields = match document {
            Value::Object(fields) => fields,
            Value::Null => return Self::default(),
            _ => {
                problems.add(&root, "a flag file must be a mapping of flags");
                return Self::default();
            }
        };
        match fields.get("features") {
            Some(Value::Object(flags)) if fields.len() == 1 => {
                return Self {
                    flags: flags.clone(),
                    prefix: &["features"],
                    defaults: Map::new(),
                };
            }
            _ => {}
        }
        if fields.get("kind").and_then(Value::as_str) != Some("FeatureConfiguration") {
            return Self {
                flags: fields.clone(),
                ..Self::default()
            };
        }
        CONFIGURATION.check(document, &root, problems);
        if fields.get("apiVersion").and_then(Value::as_str) != Some("v1") {
            problems.add(&root.then("apiVersion"), "must be v1");
        }
        let spec = fields.get("spec").unwrap_or(&Value::Null);
        let flags = read_features(spec, problems);
        let mut defaults = object(spec, "defaults").cloned().unwrap_or_default();
        defaults.remove("ttl");
        Self {
            flags,
            prefix: &["spec", "features"],
            defaults,
        }
    }

    /// Adds the flags to those of lower files.
    pub(crate) fn merge_into(self, merged: &mut Value) {
        let mut flags = self.flags;
        for (key, flag) in &mut flags {
            if let Some(lower) = merged.get_mut(key) {
                align(lower, flag);
            } else if let Some(fields) = flag.as_object_mut() {
                for (name, value) in &self.defaults {
                    fields.entry(name).or_insert_with(|| value.clone());
                }
            }
        }
        merge(merged, &Value::Object(flags));
    }
}

/// Reports flags whose removal date is in the past.
pub(crate) fn check_removals(flags: &Value, today: NaiveDate) -> Vec<Problem> {
    let flags = flags.as_object().into_iter().flatten();
    let late = flags.filter_map(|(key, flag)| {
        let text = flag.get("deprecation")?.get("removalDate")?.as_str()?;
        let removal = day(text).filter(|day| *day < today)?;
        Some(Problem {
            path: ["deprecation", "removalDate"].iter().fold(
                vec![key.clone()],
                |mut path, name| {
                    path.push((*name).to_owned());
                    path
                },
            ),
            problem: format!("the flag had to be removed by {removal}: remove it"),
        })
    });
    late.collect()
}

fn object<'a>(value: &'a Value, name: &str) -> Option<&'a Map<String, Value>> {
    value.get(name)?.as_object()
}

fn read_features(spec: &Value, problems: &mut Problems) -> Map<String, Value> {
    let Some(features) = object(spec, "features") else {
        return Map::new();
    };
    let root = Path::ROOT;
    let spec_path = root.then("spec");
    let path = spec_path.then("features");
    let validation = Validation::read(spec, &spec_path, problems);
    if features.len() as u64 > validation.count("maxFeatures", MAX_FEATURES) {
        problems.add(&path, "there are more flags than `maxFeatures`");
    }
    let mut flags = Map::new();
    for (key, feature) in features {
        let path = path.then(key);
        FEATURE.check(feature, &path, problems);
        validation.check(key, feature, &path, problems);
        flags.insert(key.clone(), convert(feature));
    }
    flags
}

/// The section `validation`.
struct Validation<'a> {
    fields: Option<&'a Map<String, Value>>,
    pattern: Option<Regex>,
}

impl<'a> Validation<'a> {
    fn read(spec: &'a Value, path: &Path<'_>, problems: &mut Problems) -> Self {
        let fields = object(spec, "validation");
        let text = fields
            .and_then(|fields| fields.get("featureNamePattern"))
            .and_then(Value::as_str);
        let pattern = text.and_then(|text| match Regex::new(text) {
            Ok(pattern) => Some(pattern),
            Err(error) => {
                let path = path.then("validation");
                let problem = format!("is not a valid pattern: {error}");
                problems.add(&path.then("featureNamePattern"), problem);
                None
            }
        });
        Self { fields, pattern }
    }

    fn get(&self, name: &str) -> Option<&'a Value> {
        self.fields?.get(name)
    }

    fn count(&self, name: &str, default: u64) -> u64 {
        self.get(name).and_then(Value::as_u64).unwrap_or(default)
    }

    fn texts(&self, name: &str) -> Vec<&'a str> {
        let items = self.get(name).and_then(Value::as_array);
        let items = items.into_iter().flatten();
        items.filter_map(Value::as_str).collect()
    }

    fn check(&self, key: &str, feature: &Value, path: &Path<'_>, problems: &mut Problems) {
        let metadata = feature.get("metadata");
        let has = |name: &str| {
            feature.get(name).is_some()
                || metadata.is_some_and(|metadata| metadata.get(name).is_some())
        };
        if self
            .pattern
            .as_ref()
            .is_some_and(|pattern| !pattern.is_match(key))
        {
            problems.add(path, "the name does not match `featureNamePattern`");
        }
        let mut required = self.texts("requiredFields");
        for (name, field) in [
            ("requireOwnership", "owner"),
            ("requireDocumentation", "documentation"),
        ] {
            if self.get(name) == Some(&Value::Bool(true)) {
                required.push(field);
            }
        }
        for field in required.into_iter().filter(|field| !has(field)) {
            problems.add(path, format!("the flag needs `{field}`"));
        }
        let strategies = self.texts("allowedStrategies");
        if let Some(strategy) = feature.get("strategy").and_then(Value::as_str)
            && !strategies.is_empty()
            && !strategies.contains(&strategy)
        {
            let problem = format!("must be one of {}", strategies.join(", "));
            problems.add(&path.then("strategy"), problem);
        }
        self.check_environments(feature, path, problems);
        let rules = feature
            .get("rules")
            .and_then(Value::as_object)
            .map_or(0, Map::len);
        if rules as u64 > self.count("maxRulesPerFeature", MAX_RULES) {
            problems.add(
                &path.then("rules"),
                "there are more rules than `maxRulesPerFeature`",
            );
        }
        let max = self.count("maxCapabilitiesPerType", MAX_CAPABILITIES);
        for (kind, names) in object(feature, "capabilities").into_iter().flatten() {
            if names
                .as_array()
                .is_some_and(|names| names.len() as u64 > max)
            {
                let path = path.then("capabilities");
                problems.add(
                    &path.then(kind),
                    "there are more than `maxCapabilitiesPerType`",
                );
            }
        }
    }

    fn check_environments(&self, feature: &Value, path: &Path<'_>, problems: &mut Problems) {
        let allowed = self.texts("allowedEnvironments");
        if allowed.is_empty() {
            return;
        }
        for section in ["metadata", "rules"] {
            let named = feature
                .get(section)
                .and_then(|part| part.get("environments"));
            let named = named.and_then(Value::as_array).into_iter().flatten();
            let unknown = named
                .filter_map(Value::as_str)
                .find(|name| !allowed.contains(name));
            if let Some(unknown) = unknown {
                let path = path.then(section);
                let problem = format!("{unknown:?} is not one of `allowedEnvironments`");
                problems.add(&path.then("environments"), problem);
            }
        }
    }
}

/// Returns a flag of a `FeatureConfiguration` in the short form.
fn convert(feature: &Value) -> Value {
    let Some(fields) = feature.as_object() else {
        return feature.clone();
    };
    let mut flag = Map::new();
    for name in ["enabled", "strategy", "rules", "deprecation"] {
        if let Some(value) = fields.get(name) {
            flag.insert(name.to_owned(), value.clone());
        }
    }
    for name in ["description", "owner", "tags"] {
        if let Some(value) = fields
            .get("metadata")
            .and_then(|metadata| metadata.get(name))
        {
            flag.insert(name.to_owned(), value.clone());
        }
    }
    if let Some(requires) = fields.get("dependencies") {
        flag.insert("requires".to_owned(), requires.clone());
    }
    if let Some(capabilities) = object(feature, "capabilities") {
        let renamed = capabilities
            .iter()
            .map(|(kind, names)| match kind.as_str() {
                "auditLogs" => ("audit_logs".to_owned(), names.clone()),
                _ => (kind.clone(), names.clone()),
            });
        flag.insert("capabilities".to_owned(), Value::Object(renamed.collect()));
    }
    Value::Object(flag)
}
