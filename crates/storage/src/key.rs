use std::{borrow::Cow, fmt, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Maximum size of a key, in bytes of UTF-8, as in S3.
pub(crate) const MAX_KEY_SIZE: usize = 1024;
/// Maximum size of a segment, in bytes. Files have 255, and the file engine adds a prefix.
const MAX_SEGMENT_SIZE: usize = 250;

/// The key of an object: segments with `/` between them, such as `covers/7.jpg`.
///
/// A key has at most 1,024 bytes of UTF-8, and each segment at most 250. Segments are not empty,
/// `.` or `..`, and contain no control characters and no backslash. Do not use file names of
/// clients as keys: create an identifier, and store the name as data.
///
/// ```
/// use seaworthy_storage::ObjectKey;
///
/// assert!("covers/7.jpg".parse::<ObjectKey>().is_ok());
/// assert!("covers/../secrets".parse::<ObjectKey>().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectKey(String);

/// The text is not the key of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the object key is not valid: {0}")]
pub struct InvalidKey(&'static str);

impl ObjectKey {
    /// Creates a key.
    ///
    /// # Errors
    /// [`InvalidKey`] names the rule that the text breaks.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidKey> {
        let text = text.into();
        check(&text)?;
        Ok(Self(text))
    }

    /// Returns the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn segments(&self) -> impl Iterator<Item = &str> {
        self.0.split('/')
    }
}

fn check(text: &str) -> Result<(), InvalidKey> {
    if text.is_empty() {
        return Err(InvalidKey("it is empty"));
    }
    if text.len() > MAX_KEY_SIZE {
        return Err(InvalidKey("it is longer than 1024 bytes"));
    }
    if has_forbidden(text) {
        return Err(InvalidKey("it contains a control character or a backslash"));
    }
    for segment in text.split('/') {
        match segment {
            "" => return Err(InvalidKey("it has an empty segment")),
            "." | ".." => return Err(InvalidKey("it has the segment \".\" or \"..\"")),
            long if long.len() > MAX_SEGMENT_SIZE => {
                return Err(InvalidKey("it has a segment longer than 250 bytes"));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Returns whether a key or a prefix contains a character that no key may have.
pub(crate) fn has_forbidden(text: &str) -> bool {
    text.contains(|char: char| char.is_control() || char == '\\')
}

impl FromStr for ObjectKey {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<Self, InvalidKey> {
        Self::new(text)
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Serialize for ObjectKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ObjectKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for ObjectKey {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "ObjectKey".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 1, "maxLength": 1024 })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn keys_outside_of_the_rules_are_rejected_file_1() {
        let long = "a".repeat(MAX_SEGMENT_SIZE + 1);
        let whole = ["a/"; 512].concat() + "a";
        for text in [
            "", "/", "/a", "a/", "a//b", ".", "..", "a/..", "../a", "a/./b", "a\\b", "a\0", "a\nb",
            "a\u{85}b", &long, &whole,
        ] {
            assert!(text.parse::<ObjectKey>().is_err(), "{text:?}");
        }
        for text in ["a", "...", "a b+c%2e/é ü.jpg", "名前/🎈", "a=/b", ".hidden"] {
            assert!(text.parse::<ObjectKey>().is_ok(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn keys_never_leave_their_directory_file_1(text in ".{0,60}|[./a]{0,12}") {
            if let Ok(key) = text.parse::<ObjectKey>() {
                prop_assert!(key.segments().all(|one| !matches!(one, "" | "." | "..")));
                prop_assert_eq!(key.segments().collect::<Vec<_>>().join("/"), text);
            }
        }
    }
}
