//! The short form of `features.yaml`, which compiles to flagd's format.

mod condition;
mod entry;
mod form;
mod merge;
mod shape;
mod time;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

pub(crate) use form::{Form, check_removals};

use crate::problem::{Path, Problem, Problems};
use entry::Entry;

/// Maximum depth of requirements. It keeps compiled rules small.
const MAX_DEPENDENCIES: usize = 5;

/// Compiles a document in the short form.
///
/// # Errors
/// All errors in the document.
pub(crate) fn compile(document: &Value) -> Result<Value, Vec<Problem>> {
    let mut problems = Problems::default();
    let root = Path::ROOT;
    let none = Map::new();
    let features = match document {
        Value::Object(features) => features,
        Value::Null => &none,
        _ => {
            problems.add(&root, "a flag file must be a mapping of flags");
            return Err(problems.0);
        }
    };
    let mut entries = BTreeMap::new();
    let mut flags = Map::new();
    for (key, feature) in features {
        let path = root.then(key);
        if !is_valid_key(key) {
            problems.add(&path, "a flag's name must be like `checkout.new_page`");
        }
        match feature.get("variants").is_some() && feature.get("state").is_some() {
            // An entry in flagd's own format.
            true => drop(flags.insert(key.clone(), feature.clone())),
            false => drop(entries.insert(
                key.as_str(),
                Entry::read(key, feature, &path, &mut problems),
            )),
        }
    }
    for (key, entry) in &entries {
        let path = root.then(key);
        let mut chain = vec![*key];
        match entry.compile(&mut |name| requirement(name, &entries, &mut chain)) {
            Ok(flag) => drop(flags.insert((*key).to_owned(), flag)),
            Err(problem) => problems.add(&path.then("requires"), problem),
        }
    }
    if problems.0.is_empty() {
        return Ok(json!({ "flags": flags }));
    }
    Err(problems.0)
}

/// Returns the condition under which another flag is on.
fn requirement<'a>(
    name: &str,
    entries: &BTreeMap<&'a str, Entry>,
    chain: &mut Vec<&'a str>,
) -> Result<Value, String> {
    let Some((key, entry)) = entries.get_key_value(name) else {
        return Err(format!("flag {name:?} does not exist in the short form"));
    };
    if chain.contains(key) {
        return Err(format!(
            "flags {} and {name:?} require each other",
            chain.join(", ")
        ));
    }
    if chain.len() > MAX_DEPENDENCIES {
        return Err(format!(
            "more than {MAX_DEPENDENCIES} flags require each other"
        ));
    }
    chain.push(key);
    let condition = entry.condition(&mut |name| requirement(name, entries, chain));
    chain.pop();
    condition
}

/// Whether a key is lower-case words with underscores, separated by dots.
fn is_valid_key(key: &str) -> bool {
    key.split('.').all(|part| {
        part.starts_with(|first: char| first.is_ascii_lowercase())
            && part
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
    })
}
