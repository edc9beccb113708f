use std::{borrow::Cow, collections::BTreeSet};

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use crate::{
    problem::Problem,
    runtime::{Override, RuntimeState, apply},
    shorthand,
};

/// The fields for the items that a flag governs and requires, and for its owner and deprecation. A
/// definition by [`Flags::define`](crate::Flags::define) that does not have them keeps those of the
/// file, because their loss would expose the governed APIs.
pub const FILE_FIELDS: [&str; 9] = [
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

/// The documents that define flags. A flag of an upper layer replaces the flag below it. The flags
/// of documents in flagd's format are an object, as [`with_keys`] returns it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Layers {
    /// The flags of a flag server, in flagd's format. The lowest layer.
    pub(crate) remote: Option<Value>,
    /// `features.json`, in flagd's format.
    pub(crate) flagd: Option<Value>,
    /// The keys of flags that the program defines, which are in `short` too.
    pub(crate) built_in_keys: BTreeSet<String>,
    /// The merged YAML files, in the short form.
    pub(crate) short: Value,
}

impl Layers {
    /// Returns one document in flagd's format, with the changes of operators.
    ///
    /// # Errors
    /// All errors in the short form.
    pub(crate) fn document<'a>(
        &self,
        state: &'a RuntimeState,
        pending: impl Iterator<Item = &'a Override>,
        now: DateTime<Utc>,
    ) -> Result<Value, Vec<Problem>> {
        let mut compiled = shorthand::compile(&self.short_with(state))?;
        let mut document = Map::new();
        let mut flags = Map::new();
        for layer in [self.remote.as_ref(), self.flagd.as_ref()]
            .into_iter()
            .flatten()
        {
            for part in ["$evaluators", "metadata"] {
                if let Some(Value::Object(added)) = layer.get(part) {
                    let known = document.entry(part).or_insert_with(|| Map::new().into());
                    if let Some(known) = known.as_object_mut() {
                        known.extend(added.clone());
                    }
                }
            }
            let added = layer.get("flags").and_then(Value::as_object);
            flags.extend(added.cloned().unwrap_or_default());
        }
        for key in state.removed() {
            if let Some(flag) = flags.get_mut(key) {
                disable(flag);
            }
        }
        if let Some(Value::Object(own)) = compiled.get_mut("flags") {
            flags.append(own);
        }
        let active = state.overrides.iter().chain(pending);
        apply(&mut flags, active.filter(|set| set.is_active(now)));
        document.insert("flags".to_owned(), Value::Object(flags));
        Ok(Value::Object(document))
    }

    /// Returns the short form with the definitions of operators.
    fn short_with(&self, state: &RuntimeState) -> Cow<'_, Value> {
        if state.definitions.is_empty() {
            return Cow::Borrowed(&self.short);
        }
        let mut short = match &self.short {
            Value::Object(short) => short.clone(),
            _ => Map::new(),
        };
        for (key, definition) in &state.definitions {
            match &definition.entry {
                Some(entry) => {
                    let entry = self.with_file_fields(key, entry);
                    short.insert(key.clone(), entry);
                }
                None => {
                    if let Some(file) = short.get_mut(key) {
                        disable(file);
                    }
                }
            }
        }
        Cow::Owned(Value::Object(short))
    }

    /// Returns a flag without the definitions of operators.
    pub(crate) fn entry(&self, key: &str) -> Option<&Value> {
        let documents = [&self.flagd, &self.remote].into_iter().flatten();
        let mut found = documents.filter_map(|document| document.get("flags")?.get(key));
        self.short.get(key).or_else(|| found.next())
    }

    /// Returns a definition of an operator with the fields of the file that it does not have.
    pub(crate) fn with_file_fields(&self, key: &str, entry: &Value) -> Value {
        let Some(file) = self.short.get(key) else {
            return entry.clone();
        };
        let missing = FILE_FIELDS.iter().filter(|name| entry.get(name).is_none());
        let missing: Map<String, Value> = missing
            .filter_map(|name| Some(((*name).to_owned(), file.get(name)?.clone())))
            .collect();
        match entry {
            _ if missing.is_empty() => entry.clone(),
            Value::Object(fields) => fields.clone().into_iter().chain(missing).collect(),
            Value::Bool(enabled) => {
                let enabled = ("enabled".to_owned(), (*enabled).into());
                missing.into_iter().chain([enabled]).collect()
            }
            _ => entry.clone(),
        }
    }

    /// Removes the fields of a definition of an operator that the file defines equally, so that a
    /// change of the file takes effect.
    pub(crate) fn without_file_fields(&self, key: &str, mut entry: Value) -> Value {
        if let (Some(file), Value::Object(fields)) = (self.short.get(key), &mut entry) {
            fields.retain(|name, value| {
                let is_same = file.get(name) == Some(&*value);
                !is_same || !FILE_FIELDS.contains(&name.as_str())
            });
        }
        entry
    }
}

/// Disables a flag, in the short form or in flagd's format. A flag that an operator has removed
/// stays disabled if a file or a server defines it. Otherwise the APIs that it governs would open.
pub(crate) fn disable(flag: &mut Value) {
    match flag {
        Value::Object(fields) if fields.contains_key("state") => {
            fields.insert("state".to_owned(), "DISABLED".into());
        }
        Value::Object(fields) => {
            fields.insert("enabled".to_owned(), false.into());
        }
        flag => *flag = false.into(),
    }
}

/// Returns a document in flagd's format whose flags are an object. flagd also accepts a list of
/// flags with their keys.
pub(super) fn with_keys(mut document: Value) -> Value {
    if let Some(flags) = document.get_mut("flags")
        && let Value::Array(list) = flags
    {
        let keyed = std::mem::take(list).into_iter().filter_map(|flag| {
            let Value::Object(mut flag) = flag else {
                return None;
            };
            let Some(Value::String(key)) = flag.remove("key") else {
                return None;
            };
            Some((key, Value::Object(flag)))
        });
        *flags = Value::Object(keyed.collect());
    }
    document
}

#[cfg(test)]
mod tests {
    use std::iter;

    use serde_json::json;

    use super::*;
    use crate::runtime::RuntimeDefinition;

    fn layers(file: Value) -> Layers {
        Layers {
            short: json!({ "reports": file }),
            ..Layers::default()
        }
    }

    /// Returns the state in which an operator has written or removed the flag `reports`.
    fn state(entry: Option<Value>) -> RuntimeState {
        let definition = RuntimeDefinition {
            entry,
            version: 1,
            actor: "ann".to_owned(),
            set_at: DateTime::default(),
        };
        let mut state = RuntimeState::default();
        state.definitions.insert("reports".to_owned(), definition);
        state
    }

    #[test]
    fn file_adds_apis_to_a_flag_that_an_operator_changed_flag_1() {
        let old = layers(json!({"enabled": true, "apis": ["GET /a"], "requires": ["base"]}));
        let given = json!({"enabled": false, "apis": ["GET /a"], "requires": []});
        let stored = old.without_file_fields("reports", given);
        assert_eq!(stored, json!({"enabled": false, "requires": []}));
        let state = state(Some(stored));

        let new = layers(json!({"enabled": true, "apis": ["GET /a", "GET /b"], "owner": "team"}));
        let short = new.short_with(&state);
        assert_eq!(
            short["reports"],
            json!({"enabled": false, "requires": [], "apis": ["GET /a", "GET /b"], "owner": "team"})
        );
        let apis = json!({"enabled": true, "apis": ["GET /a", "GET /b"], "owner": "team"});
        assert_eq!(new.with_file_fields("reports", &json!(true)), apis);
        assert_eq!(new.with_file_fields("other", &json!(true)), json!(true));
    }

    #[test]
    fn removed_flag_of_a_source_stays_disabled_flag_1() {
        let removed = state(None);
        let file = json!({"enabled": true, "apis": ["GET /a"], "requires": ["base"]});
        for (file, expected) in [
            (
                file,
                json!({"enabled": false, "apis": ["GET /a"], "requires": ["base"]}),
            ),
            (json!(true), json!(false)),
        ] {
            let layers = layers(file);
            assert_eq!(layers.short_with(&removed)["reports"], expected);
        }
        let flag = json!({"state": "ENABLED", "variants": {"on": true}, "defaultVariant": "on"});
        let of_server = Layers {
            remote: Some(json!({"flags": {"reports": flag}})),
            ..Layers::default()
        };
        let document = of_server.document(&removed, iter::empty(), DateTime::default());
        let flags = document.unwrap()["flags"].clone();
        assert_eq!(flags["reports"]["state"], "DISABLED");
        // No source defines this flag, so nothing stays of it.
        let none = Layers::default().document(&removed, iter::empty(), DateTime::default());
        assert_eq!(none.unwrap()["flags"], json!({}));
    }
}
