use std::{
    fmt::Write as _,
    hash::{DefaultHasher, Hash, Hasher},
};

use super::{Field, Naming};

/// The maximum characters of a map key in a path. Usual identifiers are shorter.
const MAX_KEY_CHARACTERS: usize = 64;

/// The maximum bytes of a path. A key whose characters are all escaped fits. Only paths that are
/// deeper than usual contracts are cut off.
const MAX_PATH_BYTES: usize = 1024;

/// A location in a request: the steps from the request to a value.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Location(Vec<Step>);

/// A step from a value to one inside it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Step {
    Field(&'static Field),
    Index(usize),
    /// A key of a map. Clients choose its length, so only the beginning is kept.
    Key {
        /// The first [`MAX_KEY_CHARACTERS`].
        beginning: String,
        is_cut: bool,
        /// Distinguishes keys with the same beginning. A collision hides one violation of a request
        /// that is rejected anyway.
        digest: u64,
    },
}

impl Step {
    /// Returns the step to the value of `key`.
    pub(super) fn key(key: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        let end = key.char_indices().nth(MAX_KEY_CHARACTERS);
        let beginning = end.and_then(|(end, _)| key.get(..end)).unwrap_or(key);
        Self::Key {
            beginning: beginning.to_owned(),
            is_cut: end.is_some(),
            digest: hasher.finish(),
        }
    }
}

impl Location {
    pub(super) fn push(&mut self, step: Step) {
        self.0.push(step);
    }

    pub(super) fn pop(&mut self) {
        self.0.pop();
    }

    /// Whether this is `outer` or a location inside it.
    pub(super) fn is_within(&self, outer: &Self) -> bool {
        self.0.starts_with(&outer.0)
    }

    /// Returns the location as text, such as `items[2].price`.
    pub(super) fn path(&self, naming: Naming) -> String {
        let mut text = String::new();
        for step in &self.0 {
            let length = text.len();
            // Writing to a String cannot fail.
            let _ = match step {
                Step::Field(field) => {
                    let separator = if text.is_empty() { "" } else { "." };
                    let name = match naming {
                        Naming::Proto => field.proto,
                        Naming::Json => field.json,
                    };
                    write!(text, "{separator}{name}")
                }
                Step::Index(index) => write!(text, "[{index}]"),
                Step::Key {
                    beginning, is_cut, ..
                } => {
                    let end = if *is_cut { "…" } else { "" };
                    write!(text, "[{beginning:?}{end}]")
                }
            };
            if text.len() > MAX_PATH_BYTES {
                text.truncate(length);
                text.push('…');
                break;
            }
        }
        text
    }
}
