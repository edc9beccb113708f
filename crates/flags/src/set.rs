use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use datalogic_rs::Engine;
use serde_json::{Map, Value};

use crate::{
    config::Bucketing,
    context::Scope,
    definition::{Definition, Metadata, Resolved, Shared, Strictness, metadata},
    evaluation::ErrorCode,
    problem::{Path, Problem, Problems},
    rule,
};

/// 2^53. A float represents all integers up to this value exactly.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;

/// A compiled set of flags. Immutable.
#[derive(Debug)]
pub struct FlagSet {
    definitions: Vec<Definition>,
    by_key: HashMap<Arc<str>, usize>,
    /// The flags whose definition an operator has removed.
    removed: HashSet<String>,
    /// The flags that only overrides name. They have no variant for other callers.
    undefined: HashSet<String>,
    metadata: Metadata,
    /// The set in flagd's format.
    source: Value,
}

/// Compiles sets of flags.
#[derive(Debug, Clone)]
pub struct Compiler {
    bucketing: Bucketing,
    engine: Arc<Engine>,
}

impl Compiler {
    /// Creates a compiler.
    #[must_use]
    pub fn new(bucketing: Bucketing) -> Self {
        Self {
            bucketing,
            engine: Arc::new(rule::engine(bucketing)),
        }
    }

    /// Returns the version of `fractional`.
    #[must_use]
    pub fn bucketing(&self) -> Bucketing {
        self.bucketing
    }

    /// Compiles a document in flagd's format.
    ///
    /// # Errors
    /// All errors in the document.
    pub fn compile(
        &self,
        mut document: Value,
        strictness: Strictness,
    ) -> Result<FlagSet, Vec<Problem>> {
        write_integers(&mut document);
        let mut problems = Problems::default();
        let root = Path::ROOT;
        let empty = Map::new();
        let set_metadata = document
            .get("metadata")
            .map_or_else(Metadata::new, |value| {
                metadata(value, &root.then("metadata"), &mut problems)
            });
        let evaluators = document.get("$evaluators").and_then(Value::as_object);
        let shared = Shared {
            bucketing: self.bucketing,
            engine: &self.engine,
            evaluators: evaluators.unwrap_or(&empty),
            metadata: &set_metadata,
            strictness,
        };
        let path = root.then("flags");
        let mut definitions = Vec::new();
        let mut compile = |key: &str, flag: &Value, path: &Path<'_>, problems: &mut Problems| {
            definitions.extend(Definition::compile(key, flag, &shared, path, problems));
        };
        match document.get("flags") {
            Some(Value::Object(flags)) => {
                for (key, flag) in flags {
                    compile(key, flag, &path.then(key), &mut problems);
                }
            }
            Some(Value::Array(flags)) => {
                for (index, flag) in flags.iter().enumerate() {
                    let index = index.to_string();
                    let mut flag = flag.clone();
                    let key = flag.as_object_mut().and_then(|flag| flag.remove("key"));
                    let key = key.as_ref().and_then(Value::as_str).unwrap_or_default();
                    compile(key, &flag, &path.then(&index), &mut problems);
                }
            }
            _ => problems.add(
                &root,
                "the document must have `flags`, an object of keys and flags",
            ),
        }
        if !problems.0.is_empty() {
            return Err(problems.0);
        }
        let by_key = definitions.iter().enumerate();
        Ok(FlagSet {
            by_key: by_key
                .map(|(index, flag)| (flag.key().clone(), index))
                .collect(),
            definitions,
            removed: HashSet::new(),
            undefined: HashSet::new(),
            metadata: set_metadata,
            source: document,
        })
    }
}

/// Writes integral values such as 5.0 as integers, because some clients reject them as integers.
fn write_integers(document: &mut Value) {
    let flags = document.get_mut("flags").and_then(Value::as_object_mut);
    for flag in flags.into_iter().flat_map(|flags| flags.values_mut()) {
        let variants = flag.get_mut("variants").and_then(Value::as_object_mut);
        for value in variants.into_iter().flat_map(|all| all.values_mut()) {
            let number = value.as_f64().filter(|_| value.is_f64());
            if let Some(number) = number
                && number.fract() == 0.0
                && number.abs() <= MAX_EXACT
            {
                *value = (number as i64).into();
            }
        }
    }
}

impl FlagSet {
    /// Returns a set without flags.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            definitions: Vec::new(),
            by_key: HashMap::new(),
            removed: HashSet::new(),
            undefined: HashSet::new(),
            metadata: Metadata::new(),
            source: serde_json::json!({"flags": {}}),
        }
    }

    /// Returns a flag.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Definition> {
        self.at(self.index(key)?)
    }

    /// Returns the flags.
    pub fn iter(&self) -> impl Iterator<Item = &Definition> {
        self.definitions.iter()
    }

    /// Returns the metadata of the set.
    #[must_use]
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// Returns the set in flagd's format.
    #[must_use]
    pub fn to_flagd(&self) -> &Value {
        &self.source
    }

    /// Sets the flags whose definition an operator has removed.
    pub(crate) fn with_removed<'a>(mut self, keys: impl Iterator<Item = &'a String>) -> Self {
        self.removed = keys.cloned().collect();
        self
    }

    pub(crate) fn is_removed(&self, key: &str) -> bool {
        self.removed.contains(key)
    }

    /// Sets the flags that only overrides name.
    pub(crate) fn with_undefined<'a>(mut self, keys: impl Iterator<Item = &'a String>) -> Self {
        self.undefined = keys.cloned().collect();
        self
    }

    pub(crate) fn is_undefined(&self, key: &str) -> bool {
        self.undefined.contains(key)
    }

    pub(crate) fn index(&self, key: &str) -> Option<usize> {
        self.by_key.get(key).copied()
    }

    #[inline]
    pub(crate) fn at(&self, index: usize) -> Option<&Definition> {
        self.definitions.get(index)
    }

    #[inline]
    pub(crate) fn resolve(&self, index: Option<usize>, scope: &Scope<'_>) -> Resolved<'_> {
        match index.and_then(|index| self.at(index)) {
            Some(definition) => definition.resolve(scope),
            None => Resolved::failed(ErrorCode::FlagNotFound),
        }
    }
}
