use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use crate::{Context, Declaration, Definition, Flags, Override, context::TARGETING_KEY};

/// A flag as operators see it.
#[derive(Debug, Serialize)]
pub(crate) struct Listed {
    pub(crate) key: String,
    /// Whether a source defines the flag.
    pub(crate) defined: bool,
    /// Whether the code declares the flag.
    pub(crate) declared: bool,
    pub(crate) enabled: bool,
    pub(crate) variants: Vec<String>,
    #[serde(rename = "type")]
    pub(crate) value_type: Option<&'static str>,
    pub(crate) kind: Option<&'static str>,
    pub(crate) owner: Option<String>,
    pub(crate) expires: Option<String>,
    pub(crate) overrides: Vec<Override>,
    /// Evaluations by variant since the last change of the flags.
    pub(crate) evaluations: BTreeMap<String, u64>,
}

/// Returns all flags that a source defines or the code declares, by key.
pub(crate) fn list(flags: &Flags) -> Vec<Listed> {
    let (set, declared, state) = (flags.set(), flags.declarations(), flags.runtime_state());
    let now = flags.now();
    let listed = |key: &str, declared: Option<&Declaration>| {
        let defined = set.get(key);
        let owner = defined.and_then(|flag| flag.metadata().get("owner")?.as_str());
        Listed {
            key: key.to_owned(),
            defined: defined.is_some(),
            declared: declared.is_some(),
            enabled: defined.is_some_and(Definition::is_enabled),
            variants: variants(defined),
            value_type: declared.map(|flag| flag.value_type),
            kind: declared.map(|flag| flag.kind.as_str()),
            owner: declared
                .and_then(|flag| flag.owner.as_deref())
                .or(owner)
                .map(ToOwned::to_owned),
            expires: declared.and_then(|flag| Some(flag.expires?.to_string())),
            overrides: state.overrides_of(key, now).cloned().collect(),
            evaluations: flags.evaluations(key),
        }
    };
    let mut all: BTreeMap<&str, Option<&Declaration>> =
        set.iter().map(|flag| (&**flag.key(), None)).collect();
    all.extend(declared.iter().map(|flag| (&*flag.key, Some(flag))));
    all.into_iter()
        .map(|(key, declared)| listed(key, declared))
        .collect()
}

fn variants(flag: Option<&Definition>) -> Vec<String> {
    let variants = flag.into_iter().flat_map(|flag| flag.variants());
    variants.map(|variant| variant.name().to_owned()).collect()
}

/// Returns the evaluation of a flag for a context, with all data that it depends on.
pub(crate) fn explain(flags: &Flags, key: &str, context: &Context) -> Value {
    let (set, state) = (flags.set(), flags.runtime_state());
    let definition = set.to_flagd().get("flags").and_then(|all| all.get(key));
    let overrides: Vec<_> = state.overrides_of(key, flags.now()).collect();
    flags.resolve(key, context, |resolved| {
        json!({
            "key": key,
            "value": resolved.variant.map(crate::Variant::value),
            "variant": resolved.variant.map(crate::Variant::name),
            "reason": resolved.reason,
            "error": resolved.error,
            "overrides": overrides,
            "definition": definition,
        })
    })
}

/// Returns all flags in flagd's format. The metadata name the version of `fractional`.
pub(crate) fn export(flags: &Flags) -> Value {
    let mut document = flags.set().to_flagd().clone();
    if let Some(document) = document.as_object_mut() {
        let metadata = document.entry("metadata").or_insert_with(|| json!({}));
        if let Some(metadata) = metadata.as_object_mut() {
            metadata.insert("bucketing".into(), flags.bucketing().as_str().into());
        }
    }
    document
}

/// Reads a context that a client or an operator sends.
///
/// # Errors
/// A description of the error.
pub(crate) fn read_context(fields: &Value) -> Result<Context, &'static str> {
    let fields = fields.as_object().ok_or("`context` must be an object")?;
    let mut context = Context::new();
    for (name, value) in fields {
        context = match value {
            Value::String(key) if name == TARGETING_KEY => context.targeting_key(key.as_str()),
            _ if name == TARGETING_KEY => return Err("`targetingKey` must be a string"),
            value => context.with(name.as_str(), value.clone()),
        };
    }
    Ok(context)
}
