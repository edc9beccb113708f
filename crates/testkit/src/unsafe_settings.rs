//! The settings of a program that production must reject, found in the schema that it prints.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
};

use serde_json::Value;

use crate::deployment::{Deployed, Deployment};

/// The name of an entry of a map.
const ENTRY: &str = "example";
/// Types with a setting of one of these names must declare its unsafe values.
const DECLARED_NAMES: [&str; 7] = [
    "allow_plaintext",
    "max_failures",
    "max_login_attempts",
    "memory_kib",
    "migrate_at_start",
    "on_failure",
    "secure_cookie",
];
/// Settings with one of these names, or with a name that ends in `_` and one of them. Their types
/// must mark them as `x-link`, `x-connects` or `x-browser-address`.
const URL_NAMES: [&str; 2] = ["url", "dsn"];
/// Settings that turn off a section with one of these names must declare their unsafe values.
const LIMIT_SECTIONS: [&str; 2] = ["limits", "rate_limit"];
/// Maximum depth of settings. Beyond it, a settings type contains itself.
const MAX_DEPTH: usize = 64;

/// A value of a setting, and the requirement that it violates.
#[derive(Debug, Clone, PartialEq)]
struct UnsafeValue {
    text: String,
    id: String,
    /// The setting in the same section that allows the value.
    unless: Option<String>,
}

/// Fails unless production rejects every unsafe value of the settings of a program (CONF-3).
///
/// The schema of the program declares the values (`x-unsafe`), and the settings that rules of
/// preflight find: links, origins, addresses of browsers, proxies and keys. All declared values
/// are tried. The settings of the framework that every service has are checked whether a type
/// declares them or not.
///
/// # Panics
/// A value is accepted, or a setting that must declare its unsafe values does not.
#[expect(clippy::panic, reason = "this is how a test fails")]
pub fn assert_unsafe_settings_are_rejected(deployment: &Deployment) {
    match accepted(deployment) {
        Ok(accepted) => assert!(
            accepted.is_empty(),
            "production accepts unsafe settings: {accepted:#?}"
        ),
        Err(error) => panic!("the settings cannot be checked: {error}"),
    }
}

impl Deployed {
    /// Fails when production accepts an unsafe value of a setting. A service without settings for
    /// production is checked with its defaults.
    ///
    /// # Panics
    /// If the check fails.
    #[expect(clippy::panic, reason = "this is how a test fails")]
    pub fn rejects_unsafe_settings(&self) {
        let has_config = self.platform("config").join(self.name).exists();
        let deployment = match has_config {
            true => self.in_production(),
            false => Deployment::new(self.program()),
        };
        match deployment {
            Ok(deployment) => assert_unsafe_settings_are_rejected(&deployment),
            Err(error) => panic!("the settings cannot be checked: {error}"),
        }
    }
}

/// Returns the unsafe values that production accepts, as `KEY=VALUE (ID)`.
fn accepted(deployment: &Deployment) -> io::Result<Vec<String>> {
    let printed = deployment.run(&["config", "schema"], &[])?;
    let schema: Value = serde_json::from_str(&printed.stdout.join("\n"))?;
    let mut walk = Walk {
        definitions: schema.get("$defs").unwrap_or(&Value::Null),
        found: BTreeMap::new(),
        undeclared: BTreeSet::new(),
    };
    walk.visit(&schema, "", 0);
    let Walk {
        mut found,
        undeclared,
        ..
    } = walk;
    for (key, text, id) in FRAMEWORK {
        let value = UnsafeValue {
            text: text.to_owned(),
            id: id.to_owned(),
            unless: None,
        };
        let values = found.entry(key.to_owned()).or_default();
        if !values.contains(&value) {
            values.push(value);
        }
    }
    let rounds = found.values().map(Vec::len).max().unwrap_or_default();
    let mut accepted = Vec::new();
    // A setting has one value at a time.
    for round in 0..rounds {
        let values = found.iter();
        let values = values.filter_map(|(key, values)| Some((key.as_str(), values.get(round)?)));
        accepted.extend(accepted_of(deployment, &values.collect::<Vec<_>>())?);
    }
    let undeclared = undeclared
        .into_iter()
        .map(|key| format!("{key} declares no unsafe value"));
    accepted.extend(undeclared);
    Ok(accepted)
}

/// Returns those of these values that production accepts. Each is of another setting.
fn accepted_of(
    deployment: &Deployment,
    values: &[(&str, &UnsafeValue)],
) -> io::Result<Vec<String>> {
    let settings = values.iter();
    let settings = settings.map(|(key, value)| format!("{key}={}", value.text));
    // The settings of the service may allow the value.
    let allowances = values.iter().filter_map(|(key, value)| {
        let section = key.rsplit_once('.').map(|(section, _)| section);
        let name = value.unless.as_deref()?;
        Some(match section {
            Some(section) => format!("{section}.{name}=false"),
            None => format!("{name}=false"),
        })
    });
    let settings: Vec<String> = settings
        .chain(allowances)
        .chain(COMPANIONS.map(str::to_owned))
        .collect();
    let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
    let violations = deployment.violations(&settings)?;
    let is_accepted = |(key, value): &&(&str, &UnsafeValue)| {
        !violations.iter().any(|(id, refused)| {
            // An item of a list has the key `list[0]`.
            let refused = refused.split('[').next();
            *id == value.id && refused == Some(key)
        })
    };
    let accepted = values.iter().filter(is_accepted);
    let accepted = accepted.map(|(key, value)| format!("{key}={} ({})", value.text, value.id));
    Ok(accepted.collect())
}

/// Unsafe values of settings that every service has, and the requirements that they violate.
const FRAMEWORK: [(&str, &str, &str); 16] = [
    ("admin.token", "a", "AUTH-5"),
    ("lifecycle.total_timeout", "1h", "LIFE-4"),
    ("log.level", "debug", "OBS-1"),
    ("log.output", "file", "OBS-1"),
    ("log.redaction.tokens", "false", "OBS-3"),
    ("server.grpc.rate_limit.redis.on_failure", "open", "RES-6"),
    ("server.grpc.timeout", "2h", "RES-3"),
    ("server.http.cors.allowed_origins", "*", "SEC-2"),
    ("server.http.load_shed.max_queue_delay", "1m", "RES-7"),
    ("server.http.max_body_size", "10GiB", "SEC-3"),
    ("server.http.rate_limit.enabled", "false", "RES-6"),
    ("server.http.rate_limit.redis.on_failure", "open", "RES-6"),
    ("server.http.reject_cross_site_cookies", "false", "SEC-2"),
    ("server.http.timeout", "2h", "RES-3"),
    ("server.http.trusted_proxies", "0.0.0.0/0", "SEC-6"),
    ("tracing.endpoint", "http://collector.example.org", "SEC-1"),
];
/// Settings without which the unsafe values are not valid together.
const COMPANIONS: [&str; 3] = [
    "admin.addr=0.0.0.0:9900",
    "server.http.cors.allow_credentials=false",
    "server.max_body_memory=20GiB",
];

struct Walk<'a> {
    definitions: &'a Value,
    /// The unsafe values by setting.
    found: BTreeMap<String, Vec<UnsafeValue>>,
    undeclared: BTreeSet<String>,
}

impl Walk<'_> {
    /// Collects the unsafe values of a schema and of everything in it. Items of lists are not
    /// visited, because a setting on the command line replaces the list.
    fn visit(&mut self, schema: &Value, key: &str, depth: usize) {
        if depth > MAX_DEPTH {
            return;
        }
        if let Some(reference) = schema["$ref"].as_str() {
            let name = reference.rsplit('/').next().unwrap_or_default();
            let definition = self.definitions[name].clone();
            self.visit(&definition, key, depth + 1);
        }
        let values = unsafe_values(schema, key);
        if !values.is_empty() || schema["x-connects"] == true {
            self.undeclared.remove(key);
        }
        if !values.is_empty() {
            let known = self.found.entry(key.to_owned()).or_default();
            for value in values {
                if !known.contains(&value) {
                    known.push(value);
                }
            }
        }
        for keyword in ["allOf", "anyOf", "oneOf"] {
            let parts = schema[keyword].as_array().into_iter().flatten();
            parts.for_each(|part| self.visit(part, key, depth + 1));
        }
        let properties = schema["properties"].as_object().into_iter().flatten();
        for (name, property) in properties {
            let key = match key {
                "" => name.clone(),
                section => format!("{section}.{name}"),
            };
            if must_be_declared(&key) {
                self.undeclared.insert(key.clone());
            }
            self.visit(property, &key, depth + 1);
        }
        let entries = &schema["additionalProperties"];
        if entries.is_object() {
            self.visit(entries, &format!("{key}.{ENTRY}"), depth + 1);
        }
    }
}

fn must_be_declared(key: &str) -> bool {
    let (section, name) = key.rsplit_once('.').unwrap_or(("", key));
    let section = section.rsplit('.').next().unwrap_or_default();
    let is_url = URL_NAMES.iter().any(|url| {
        name.strip_suffix(url)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('_'))
    });
    is_url
        || DECLARED_NAMES.contains(&name)
        || (name == "enabled" && LIMIT_SECTIONS.contains(&section))
}

/// Returns the unsafe values that the keywords of a schema declare.
fn unsafe_values(schema: &Value, key: &str) -> Vec<UnsafeValue> {
    let declared = schema["x-unsafe"].as_array().into_iter().flatten();
    let declared = declared.filter_map(declared_value);
    declared.chain(marked_value(schema, key)).collect()
}

/// Returns an unsafe value that an item of `x-unsafe` declares.
fn declared_value(declared: &Value) -> Option<UnsafeValue> {
    let text = match declared.get("value") {
        None if declared["remote"] == true => "service.example.org:9999".to_owned(),
        None => beyond(&declared["above"], 1).or_else(|| beyond(&declared["below"], -1))?,
        // Nothing on the command line means that the setting is not set.
        Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    let text_of = |member: &str| declared[member].as_str().map(str::to_owned);
    Some(UnsafeValue {
        text,
        id: text_of("id")?,
        unless: text_of("unless"),
    })
}

/// Returns an unsafe value of a setting that a rule of preflight finds by a mark.
fn marked_value(schema: &Value, key: &str) -> Option<UnsafeValue> {
    let has = |keyword: &str| schema[keyword] == true;
    let (text, id) = if has("x-cors-origins") {
        ("*", "SEC-2")
    } else if has("x-browser-address") {
        // The pattern of a link in a mail requires a placeholder for its token.
        match schema["pattern"] {
            Value::Null => ("http://app.example.org", "SEC-2"),
            _ => ("http://app.example.org/?token=", "SEC-2"),
        }
    } else if has("x-trusted-proxies") {
        ("0.0.0.0/0", "SEC-6")
    } else if has("x-signing-key") {
        ("secret", "AUTH-1")
    } else if has("x-link") {
        let pattern = schema["pattern"].as_str().unwrap_or_default();
        match pattern.contains("smtp") {
            // A client of mail servers always requires TLS.
            true => ("smtp://localhost:587", "CONF-7"),
            false => (plain_link(key, pattern), "SEC-1"),
        }
    } else {
        return None;
    };
    Some(UnsafeValue {
        text: text.to_owned(),
        id: id.to_owned(),
        unless: None,
    })
}

/// Returns a bound, which is a number or a number with a unit, with this difference.
fn beyond(bound: &Value, difference: i64) -> Option<String> {
    if let Some(number) = bound.as_i64() {
        return Some((number + difference).to_string());
    }
    let text = bound.as_str()?;
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let number: i64 = number.parse().ok()?;
    Some(format!("{}{unit}", number + difference))
}

/// Returns a URL without TLS on another machine, with a scheme that the setting accepts.
fn plain_link(key: &str, pattern: &str) -> &'static str {
    if pattern.contains("s3") {
        "s3+http://s3.example.org/bucket"
    } else if key.contains("database") {
        "postgres://user@db.example.org/name?sslmode=disable"
    } else if key.contains("broker") {
        "nats://mq.example.org:4222"
    } else if key.contains("redis") || key.contains("cache") {
        "redis://redis.example.org:6379/0"
    } else {
        "http://service.example.org"
    }
}
