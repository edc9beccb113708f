use std::{
    fmt::Write as _,
    hash::{DefaultHasher, Hash, Hasher},
};

use super::{Field, Naming};

/// How much of a key a path shows, in characters. No identifier that a person looks for is longer.
const MAX_KEY_CHARACTERS: usize = 64;

/// How much of a path is shown, in bytes. It has room for a key whose characters are all escaped. Only paths that are deeper than those of
/// contracts in use are cut off.
const MAX_PATH_BYTES: usize = 1024;

/// A place in a request: the steps from the request to a value.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Place(Vec<Step>);

/// A step from a value to one inside it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Step {
    Field(&'static Field),
    Index(usize),
    /// A key of a map. Keys are as long as clients like, so no more than the beginning is kept.
    Key {
        /// The first [`MAX_KEY_CHARACTERS`].
        beginning: String,
        is_cut: bool,
        /// Tells keys with the same beginning apart. A collision hides one violation of a request that is refused in any case.
        digest: u64,
    },
}

impl Step {
    /// The step to the value of `key`.
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

impl Place {
    pub(super) fn push(&mut self, step: Step) {
        self.0.push(step);
    }

    pub(super) fn pop(&mut self) {
        self.0.pop();
    }

    /// Whether this is `outer` or a place inside it.
    pub(super) fn is_within(&self, outer: &Self) -> bool {
        self.0.starts_with(&outer.0)
    }

    /// The place as text, such as `items[2].price`.
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
