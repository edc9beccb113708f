use std::{borrow::Cow, str::FromStr};

use regex::{NoExpand, Regex};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A regular expression in the settings, in the syntax of the `regex` crate.
///
/// ```
/// use seaworthy_core::mask::Pattern;
///
/// let badge: Pattern = "EMP-[0-9]{6}".parse()?;
/// assert_eq!(badge.replace_all("badge EMP-004711", "***"), "badge ***");
/// # Ok::<(), seaworthy_core::mask::InvalidPattern>(())
/// ```
#[derive(Debug, Clone)]
pub struct Pattern(Regex);

/// A text that is not a valid regular expression.
#[derive(Debug, Clone, thiserror::Error)]
#[error("`{pattern}` is not a valid regular expression")]
pub struct InvalidPattern {
    pattern: String,
    source: regex::Error,
}

impl Pattern {
    /// Replaces every match. Borrowed if there is no match.
    #[must_use]
    pub fn replace_all<'a>(&self, text: &'a str, replacement: &str) -> Cow<'a, str> {
        self.0.replace_all(text, NoExpand(replacement))
    }

    /// Replaces each character of every match. `None` if there is no match.
    pub(super) fn mask(&self, text: &str, mask_char: char) -> Option<String> {
        let mut masked = String::new();
        let mut shown = 0;
        for found in self.0.find_iter(text).filter(|found| !found.is_empty()) {
            masked.push_str(text.get(shown..found.start()).unwrap_or_default());
            masked.extend(found.as_str().chars().map(|_| mask_char));
            shown = found.end();
        }
        masked.push_str(text.get(shown..).unwrap_or_default());
        (shown > 0).then_some(masked)
    }
}

impl FromStr for Pattern {
    type Err = InvalidPattern;

    fn from_str(pattern: &str) -> Result<Self, InvalidPattern> {
        Regex::new(pattern)
            .map(Self)
            .map_err(|source| InvalidPattern {
                pattern: pattern.to_owned(),
                source,
            })
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl Eq for Pattern {}

impl Serialize for Pattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.as_str())
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let pattern = String::deserialize(deserializer)?;
        pattern.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for Pattern {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Pattern".into()
    }

    fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({ "type": "string", "format": "regex" })
    }
}
