use serde_json::{Map, Value, json};

use super::time;
use crate::{
    context::TARGETING_KEY,
    problem::{Path, Problems},
};

/// Returns the condition of another flag.
pub(super) type Requirement<'a> = dyn FnMut(&str) -> Result<Value, String> + 'a;

/// The sum of the weights of a percentage. 100,000 allows three decimal places.
const WHOLE: i64 = 100_000;

/// A condition of the short form.
pub(super) enum Condition {
    /// A JsonLogic expression.
    Rule(Value),
    /// The share of users in thousandths of a percent, among those with the same salt.
    Percentage {
        key: String,
        sticky_by: String,
        share: i64,
    },
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
}

impl Condition {
    /// Reads conditions that must all hold.
    pub(super) fn read(
        key: &str,
        rules: &Map<String, Value>,
        path: &Path<'_>,
        problems: &mut Problems,
    ) -> Self {
        let mut all = Vec::new();
        let zone = time::Zone::read(rules.get("timezone"));
        let utc = time::Zone::UTC;
        for (name, value) in rules {
            let path = path.then(name);
            match name.as_str() {
                "sticky_by" if rules.contains_key("percentage") => {}
                "percentage" => all.push(percentage(key, rules, value, &path, problems)),
                "users" | "whitelist" => all.push(one_of(TARGETING_KEY, value, &path, problems)),
                "excluded_users" | "blacklist" => {
                    all.push(Self::Not(
                        one_of(TARGETING_KEY, value, &path, problems).into(),
                    ));
                }
                "groups" | "user_types" => {
                    let groups = strings(value, &path, problems);
                    let member = |group| Self::Rule(json!({"in": [group, {"var": ["roles", []]}]}));
                    all.push(Self::Any(groups.into_iter().map(member).collect()));
                }
                "environments" | "environment" => {
                    all.push(one_of("environment", value, &path, problems))
                }
                "attributes" => all.extend(attributes(value, &path, problems)),
                "version" | "version_range" => all.extend(version(value, &path, problems)),
                "all" | "any" => {
                    let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
                    if items.is_empty() {
                        problems.add(&path, "must be a list of conditions");
                    }
                    let parts = items.iter().enumerate().map(|(index, item)| {
                        nested(key, item, &path.then(&index.to_string()), problems)
                    });
                    let parts = parts.collect();
                    all.push(if name == "all" {
                        Self::All(parts)
                    } else {
                        Self::Any(parts)
                    });
                }
                "not" => all.push(Self::Not(nested(key, value, &path, problems).into())),
                "targeting" if value.is_object() => all.push(Self::Rule(value.clone())),
                "targeting" => problems.add(&path, "must be a JsonLogic rule"),
                "from" | "start_time" | "until" | "end_time" | "workdays_only" | "work_hours" => {
                    let zone = zone.as_ref().unwrap_or(&utc);
                    match time::condition(name, value, zone) {
                        Ok(rule) => all.push(Self::Rule(rule)),
                        Err(problem) => problems.add(&path, problem),
                    }
                }
                "timezone" => {
                    if let Err(problem) = &zone {
                        problems.add(&path, problem.clone());
                    }
                }
                _ => problems.add(&path, "unknown field of a flag"),
            }
        }
        time::check_order(rules, path, problems);
        Self::All(all)
    }

    /// Reports a strategy that has none of its rules. Its flag would be on for every caller.
    pub(super) fn check_strategy(
        strategy: &str,
        has_rule: impl Fn(&str) -> bool,
        path: &Path<'_>,
        problems: &mut Problems,
    ) {
        let needed: &[&str] = match strategy {
            "percentage" => &["percentage"],
            "time" => &[
                "start_time",
                "end_time",
                "work_hours",
                "workdays_only",
                "from",
                "until",
            ],
            "environment" => &["environments", "version_range", "environment", "version"],
            "composite" => &["all", "any", "not"],
            _ => return,
        };
        if !needed.iter().any(|name| has_rule(name)) {
            let problem = format!("the strategy {strategy} needs one of {}", needed.join(", "));
            problems.add(path, problem);
        }
    }

    /// Reads the rules of the strategy `user`: no exclusion matches, and one other rule matches.
    pub(super) fn read_user(
        key: &str,
        rules: &Map<String, Value>,
        path: &Path<'_>,
        problems: &mut Problems,
    ) -> Self {
        let (mut excluded, mut included) = (Vec::new(), Vec::new());
        for (name, value) in rules {
            match name.as_str() {
                "attributes" => included.extend(attributes(value, &path.then(name), problems)),
                _ => {
                    let one = Map::from_iter([(name.clone(), value.clone())]);
                    let condition = Self::read(key, &one, path, problems);
                    if matches!(name.as_str(), "blacklist" | "excluded_users") {
                        excluded.push(condition);
                    } else {
                        included.push(condition);
                    }
                }
            }
        }
        excluded.push(Self::Any(included));
        Self::All(excluded)
    }

    /// Returns the buckets if the condition is only a percentage by the targeting key.
    pub(super) fn percentage(&self) -> Option<Vec<Value>> {
        match self {
            Self::Percentage {
                sticky_by, share, ..
            } if sticky_by == TARGETING_KEY => {
                Some(vec![json!(["on", share]), json!(["off", WHOLE - share])])
            }
            Self::All(all) => {
                let mut all = all
                    .iter()
                    .filter(|condition| !matches!(condition, Self::All(parts) if parts.is_empty()));
                let only = all.next()?;
                all.next().is_none().then(|| only.percentage()).flatten()
            }
            _ => None,
        }
    }

    /// Returns a split by the targeting key. Without a targeting key it returns null.
    pub(super) fn split(key: &str, buckets: Vec<Value>) -> Value {
        sticky(key, TARGETING_KEY, buckets)
    }

    /// Returns the JsonLogic.
    pub(super) fn compile(&self) -> Value {
        match self {
            Self::Rule(rule) => rule.clone(),
            Self::Percentage {
                key,
                sticky_by,
                share,
            } => sticky(
                key,
                sticky_by,
                vec![json!([true, share]), json!([false, WHOLE - share])],
            ),
            Self::All(parts) => and(parts.iter().map(Self::compile).collect()),
            Self::Any(parts) => or(parts.iter().map(Self::compile).collect()),
            Self::Not(condition) => json!({"!": [condition.compile()]}),
        }
    }
}

/// Salts with the key of the flag, so that percentages of several flags are independent.
fn sticky(key: &str, field: &str, buckets: Vec<Value>) -> Value {
    let mut arguments = vec![json!({"cat": [key, {"var": field}]})];
    arguments.extend(buckets);
    json!({"if": [{"var": field}, {"fractional": arguments}, null]})
}

/// Returns a conjunction without constants.
pub(super) fn and(parts: Vec<Value>) -> Value {
    let mut parts: Vec<_> = parts.into_iter().filter(|part| *part != true).collect();
    if parts.iter().any(|part| *part == false) {
        return false.into();
    }
    match parts.len() {
        0 => true.into(),
        1 => parts.remove(0),
        _ => json!({ "and": parts }),
    }
}

fn or(mut parts: Vec<Value>) -> Value {
    match parts.len() {
        0 => false.into(),
        1 => parts.remove(0),
        _ => json!({ "or": parts }),
    }
}

fn nested(key: &str, value: &Value, path: &Path<'_>, problems: &mut Problems) -> Condition {
    match value {
        Value::Object(rules) if !rules.is_empty() => Condition::read(key, rules, path, problems),
        _ => {
            problems.add(path, "must be a mapping of conditions");
            Condition::All(Vec::new())
        }
    }
}

fn percentage(
    key: &str,
    rules: &Map<String, Value>,
    value: &Value,
    path: &Path<'_>,
    problems: &mut Problems,
) -> Condition {
    let percent = value
        .as_f64()
        .filter(|percent| (0.0..=100.0).contains(percent));
    if percent.is_none() {
        problems.add(path, "a percentage must be a number of 0–100");
    }
    let sticky_by = match rules.get("sticky_by").map(Value::as_str) {
        None | Some(Some("user_id")) => TARGETING_KEY,
        Some(Some(name)) if !name.is_empty() => name,
        Some(_) => {
            problems.add(path, "`sticky_by` must be the name of a field");
            TARGETING_KEY
        }
    };
    Condition::Percentage {
        key: key.to_owned(),
        sticky_by: sticky_by.to_owned(),
        // In 0–100000, so the conversion is exact.
        share: (percent.unwrap_or_default() * (WHOLE / 100) as f64).round() as i64,
    }
}

fn one_of(field: &str, value: &Value, path: &Path<'_>, problems: &mut Problems) -> Condition {
    let values = match value {
        Value::String(one) => vec![one.clone()],
        value => strings(value, path, problems),
    };
    Condition::Rule(json!({"in": [{"var": field}, values]}))
}

fn attributes(value: &Value, path: &Path<'_>, problems: &mut Problems) -> Vec<Condition> {
    let Some(attributes) = value.as_object().filter(|all| !all.is_empty()) else {
        problems.add(path, "must be a mapping of attributes and values");
        return Vec::new();
    };
    let condition = |(name, value): (&String, &Value)| {
        let values = match value {
            Value::Array(values) => values.clone(),
            value => vec![value.clone()],
        };
        let is_plain = |value: &Value| value.is_string() || value.is_number() || value.is_boolean();
        if !values.iter().all(is_plain) {
            let problem = "must be a string, a number, a boolean or a list of them";
            problems.add(&path.then(name), problem);
        }
        Condition::Rule(json!({"in": [{"var": name}, values]}))
    };
    attributes.iter().map(condition).collect()
}

fn version(value: &Value, path: &Path<'_>, problems: &mut Problems) -> Vec<Condition> {
    let Some(range) = value.as_object().filter(|range| !range.is_empty()) else {
        problems.add(path, "must be a mapping with `min`, `max` or both");
        return Vec::new();
    };
    let mut bounds = Vec::new();
    for (name, bound) in range {
        let operator = match name.as_str() {
            "min" => ">=",
            "max" => "<=",
            _ => {
                problems.add(&path.then(name), "must be `min` or `max`");
                continue;
            }
        };
        if bound
            .as_str()
            .is_none_or(|bound| semver::Version::parse(bound).is_err())
        {
            problems.add(
                &path.then(name),
                "must be a version in quotes, such as \"1.4.0\"",
            );
        }
        bounds.push(Condition::Rule(
            json!({"sem_ver": [{"var": "version"}, operator, bound]}),
        ));
    }
    bounds
}

/// Reads a list of strings.
pub(super) fn strings(value: &Value, path: &Path<'_>, problems: &mut Problems) -> Vec<String> {
    let list = value.as_array().map(|items| {
        let items = items
            .iter()
            .map(|item| item.as_str().map(ToOwned::to_owned));
        items.collect::<Option<Vec<_>>>()
    });
    list.flatten().unwrap_or_else(|| {
        problems.add(path, "must be a list of strings");
        Vec::new()
    })
}
