use std::collections::BTreeSet;

use serde_json::Value;

/// The fields of the context that a rule reads.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fields {
    /// The rule computes a name, or reads the whole context.
    All,
    Named(Box<[Box<str>]>),
}

impl Fields {
    pub(super) fn of(rule: &Value) -> Self {
        let mut names = BTreeSet::new();
        if collect(rule, &mut names) {
            Self::Named(names.into_iter().collect())
        } else {
            Self::All
        }
    }
}

/// Adds the names that `rule` reads. Returns `false` if they are not known in advance.
fn collect(rule: &Value, names: &mut BTreeSet<Box<str>>) -> bool {
    match rule {
        Value::Array(items) => items.iter().all(|item| collect(item, names)),
        Value::Object(operations) => {
            operations
                .iter()
                .all(|(name, arguments)| match (name.as_str(), arguments) {
                    ("var", Value::String(path)) => add(path, names),
                    ("var", Value::Array(items)) => match items.split_first() {
                        Some((Value::String(path), rest)) => {
                            add(path, names) && rest.iter().all(|item| collect(item, names))
                        }
                        _ => false,
                    },
                    ("var" | "val" | "missing" | "missing_some", _) => false,
                    (_, arguments) => collect(arguments, names),
                })
        }
        _ => true,
    }
}

fn add(path: &str, names: &mut BTreeSet<Box<str>>) -> bool {
    let root = path.split('.').next().unwrap_or_default();
    if root.is_empty() {
        return false;
    }
    names.insert(root.into());
    true
}
