use std::{borrow::Cow, sync::Arc};

use datalogic_rs::Engine;
use serde_json::{Map, Value};

use crate::{
    config::Bucketing,
    context::Scope,
    evaluation::{ErrorCode, Reason, Variant},
    problem::{Path, Problems},
    rule::{Rule, Selected, Split},
};

/// Maximum length of a key, in bytes. Metadata, rules and metrics contain it.
const MAX_KEY: usize = 200;

/// Facts about a flag: strings, numbers and booleans.
pub type Metadata = Map<String, Value>;

/// A compiled flag.
#[derive(Debug)]
pub struct Definition {
    key: Arc<str>,
    enabled: bool,
    variants: Box<[Variant]>,
    default: Option<usize>,
    targeting: Targeting,
    metadata: Metadata,
}

#[derive(Debug)]
enum Targeting {
    None,
    /// The index of the variant of each bucket. `None` if it does not exist.
    Split(Split, Box<[Option<usize>]>),
    Rule(Rule),
    /// The rule cannot be compiled.
    Broken,
}

/// Whether a rule that cannot be compiled is an error of the whole set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strictness {
    /// An error rejects the whole set. For files of the service.
    Strict,
    /// A flag with a broken rule evaluates to `PARSE_ERROR`. For sets of a flag server.
    Lenient,
}

/// The parts of a set that its flags share.
pub(crate) struct Shared<'a> {
    pub(crate) bucketing: Bucketing,
    pub(crate) engine: &'a Arc<Engine>,
    pub(crate) evaluators: &'a Map<String, Value>,
    pub(crate) metadata: &'a Metadata,
    pub(crate) strictness: Strictness,
}

/// The result of an evaluation without a type.
#[derive(Debug, Clone, Copy)]
pub struct Resolved<'a> {
    /// The variant. `None` if the default of the code applies.
    pub variant: Option<&'a Variant>,
    /// The reason for the variant.
    pub reason: Reason,
    /// The error, if the reason is [`Reason::Error`].
    pub error: Option<ErrorCode>,
}

impl Resolved<'_> {
    pub(crate) const fn failed(error: ErrorCode) -> Self {
        Self {
            variant: None,
            reason: Reason::Error,
            error: Some(error),
        }
    }
}

impl Definition {
    /// Compiles a flag in flagd's format. `None` if it cannot be read at all.
    pub(crate) fn compile(
        key: &str,
        flag: &Value,
        shared: &Shared<'_>,
        path: &Path<'_>,
        problems: &mut Problems,
    ) -> Option<Self> {
        if key.is_empty() || key.len() > MAX_KEY {
            problems.add(path, format!("a flag's key must have 1–{MAX_KEY} bytes"));
        }
        let Some(flag) = flag.as_object() else {
            problems.add(path, "a flag must be an object with `state` and `variants`");
            return None;
        };
        for name in flag.keys() {
            if ![
                "state",
                "variants",
                "defaultVariant",
                "targeting",
                "metadata",
                "source",
                "selector",
            ]
            .contains(&name.as_str())
            {
                problems.add(&path.then(name), "unknown field of a flag");
            }
        }
        let enabled = match flag.get("state").and_then(Value::as_str) {
            Some("ENABLED") => true,
            Some("DISABLED") => false,
            _ => {
                problems.add(&path.then("state"), "`state` must be ENABLED or DISABLED");
                return None;
            }
        };
        let variants = variants(flag.get("variants"), &path.then("variants"), problems);
        let default = match flag.get("defaultVariant") {
            None | Some(Value::Null) => None,
            Some(name) => {
                let found = name.as_str().and_then(|name| position(&variants, name));
                if found.is_none() {
                    let problem = format!("{name} is not one of the variants");
                    problems.add(&path.then("defaultVariant"), problem);
                }
                found
            }
        };
        let targeting = targeting(flag.get("targeting"), &variants, shared, path, problems);
        let mut metadata = shared.metadata.clone();
        if let Some(own) = flag.get("metadata") {
            metadata.extend(self::metadata(own, &path.then("metadata"), problems));
        }
        Some(Self {
            key: key.into(),
            enabled,
            variants,
            default,
            targeting,
            metadata,
        })
    }

    /// Returns the key.
    #[must_use]
    pub fn key(&self) -> &Arc<str> {
        &self.key
    }

    /// Returns the variants.
    #[must_use]
    pub fn variants(&self) -> &[Variant] {
        &self.variants
    }

    /// Whether the flag is enabled.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.enabled
    }

    /// Whether the rule cannot be compiled.
    pub(crate) fn is_broken(&self) -> bool {
        matches!(self.targeting, Targeting::Broken)
    }

    /// Returns the metadata of the flag and its set.
    #[must_use]
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// Inlined, because most evaluations are of flags without a rule.
    #[inline]
    pub(crate) fn resolve(&self, scope: &Scope<'_>) -> Resolved<'_> {
        match (self.enabled, &self.targeting, self.default_variant()) {
            (false, _, _) => self.default_of_code(Reason::Disabled),
            (true, Targeting::None, Some(variant)) => found(variant, Reason::Static),
            (true, Targeting::None, None) => self.default_of_code(Reason::Default),
            (true, _, _) => self.target(scope),
        }
    }

    fn target(&self, scope: &Scope<'_>) -> Resolved<'_> {
        let selected = match &self.targeting {
            Targeting::None => Selected::Default,
            Targeting::Broken => Selected::Failed,
            Targeting::Split(split, buckets) => match split.select(&self.key, scope) {
                Selected::Variant(bucket) => {
                    Selected::Variant(buckets.get(bucket).copied().flatten())
                }
                _ => Selected::Default,
            },
            Targeting::Rule(rule) => {
                rule.select(&self.key, scope, |name| position(&self.variants, name))
            }
        };
        match selected {
            Selected::Variant(Some(index)) => match self.variants.get(index) {
                Some(variant) => found(variant, Reason::TargetingMatch),
                None => Resolved::failed(ErrorCode::General),
            },
            Selected::Variant(None) => Resolved::failed(ErrorCode::General),
            Selected::Failed => Resolved::failed(ErrorCode::ParseError),
            Selected::Default => match self.default_variant() {
                Some(variant) => found(variant, Reason::Default),
                None => self.default_of_code(Reason::Default),
            },
        }
    }

    #[inline]
    fn default_variant(&self) -> Option<&Variant> {
        self.variants.get(self.default?)
    }

    #[inline]
    fn default_of_code(&self, reason: Reason) -> Resolved<'_> {
        Resolved {
            variant: None,
            reason,
            error: None,
        }
    }
}

#[inline]
fn found(variant: &Variant, reason: Reason) -> Resolved<'_> {
    Resolved {
        variant: Some(variant),
        reason,
        error: None,
    }
}

fn position(variants: &[Variant], name: &str) -> Option<usize> {
    variants.iter().position(|variant| &*variant.name == name)
}

fn variants(value: Option<&Value>, path: &Path<'_>, problems: &mut Problems) -> Box<[Variant]> {
    let Some(variants) = value.and_then(Value::as_object) else {
        problems.add(
            path,
            "a flag must have `variants`, an object of names and values",
        );
        return Box::default();
    };
    let kind = |value: &Value| match value {
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Object(_) => "object",
        Value::Array(_) => "array",
        Value::Null => "null",
    };
    let expected = variants.values().next().map(kind);
    for (name, value) in variants {
        if matches!(value, Value::Null | Value::Array(_)) {
            let problem = format!("a variant must not be of type {}", kind(value));
            problems.add(&path.then(name), problem);
        } else if Some(kind(value)) != expected {
            let problem = "all variants of a flag must have the same type";
            problems.add(&path.then(name), problem);
        }
    }
    let named = |(name, value): (&String, &Value)| Variant::new(name, value.clone());
    variants.iter().map(named).collect()
}

fn targeting(
    rule: Option<&Value>,
    variants: &[Variant],
    shared: &Shared<'_>,
    path: &Path<'_>,
    problems: &mut Problems,
) -> Targeting {
    let rule = match rule {
        None | Some(Value::Null) => return Targeting::None,
        Some(Value::Object(operations)) if operations.is_empty() => return Targeting::None,
        Some(rule) => rule,
    };
    let path = path.then("targeting");
    let compiled = expand(rule, shared.evaluators).and_then(|rule| {
        if let Some(split) = Split::recognize(shared.bucketing, &rule) {
            let buckets = split.names().map(|name| position(variants, name)).collect();
            return Ok(Targeting::Split(split, buckets));
        }
        Rule::compile(shared.engine, &rule).map(Targeting::Rule)
    });
    compiled.unwrap_or_else(|problem| {
        if shared.strictness == Strictness::Strict {
            problems.add(&path, problem);
        }
        Targeting::Broken
    })
}

/// Replaces `{"$ref": NAME}` by the shared rules of the set. They cannot refer to others.
fn expand<'a>(rule: &'a Value, evaluators: &Map<String, Value>) -> Result<Cow<'a, Value>, String> {
    match has_reference(rule) {
        true => replace(rule, evaluators).map(Cow::Owned),
        false => Ok(Cow::Borrowed(rule)),
    }
}

fn has_reference(rule: &Value) -> bool {
    match rule {
        Value::Array(items) => items.iter().any(has_reference),
        Value::Object(entries) => {
            entries.contains_key("$ref") || entries.values().any(has_reference)
        }
        _ => false,
    }
}

fn replace(rule: &Value, evaluators: &Map<String, Value>) -> Result<Value, String> {
    Ok(match rule {
        Value::Array(items) => {
            let items: Result<_, _> = items.iter().map(|item| replace(item, evaluators)).collect();
            Value::Array(items?)
        }
        Value::Object(entries) => {
            if let (1, Some(Value::String(name))) = (entries.len(), entries.get("$ref")) {
                let shared = evaluators.get(name).cloned();
                return shared.ok_or_else(|| format!("`$evaluators` has no rule {name:?}"));
            }
            let entries = entries.iter();
            let expanded =
                entries.map(|(key, value)| Ok((key.clone(), replace(value, evaluators)?)));
            Value::Object(expanded.collect::<Result<_, String>>()?)
        }
        other => other.clone(),
    })
}

/// Reads metadata.
pub(crate) fn metadata(value: &Value, path: &Path<'_>, problems: &mut Problems) -> Metadata {
    let Some(entries) = value.as_object() else {
        problems.add(path, "`metadata` must be an object");
        return Metadata::new();
    };
    for (name, value) in entries {
        if !matches!(value, Value::String(_) | Value::Number(_) | Value::Bool(_)) {
            let problem = "metadata must be a string, a number or a boolean";
            problems.add(&path.then(name), problem);
        }
    }
    entries.clone()
}
