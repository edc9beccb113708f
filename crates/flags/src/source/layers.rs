use std::{borrow::Cow, collections::BTreeSet};

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use crate::{
    problem::Problem,
    runtime::{Override, RuntimeState, apply},
    shorthand,
};

/// The documents that define flags. A flag of an upper layer replaces the flag below it.
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
            flags.extend(keyed(layer.get("flags")));
        }
        for (key, definition) in &state.definitions {
            if definition.entry.is_none() {
                flags.remove(key);
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
                Some(entry) => drop(short.insert(key.clone(), entry.clone())),
                None => drop(short.remove(key)),
            }
        }
        Cow::Owned(Value::Object(short))
    }
}

/// Returns flags by key. flagd also accepts a list of flags with their keys.
fn keyed(flags: Option<&Value>) -> Map<String, Value> {
    match flags {
        Some(Value::Object(flags)) => flags.clone(),
        Some(Value::Array(flags)) => {
            let named = flags.iter().filter_map(|flag| {
                let mut flag = flag.as_object()?.clone();
                let key = flag.remove("key")?.as_str()?.to_owned();
                Some((key, Value::Object(flag)))
            });
            named.collect()
        }
        _ => Map::new(),
    }
}
