use std::{borrow::Borrow, fmt, sync::Arc};

use serde::{Deserialize, Serialize};

/// The maximum length of a name. Engines add prefixes and suffixes to it.
const MAX_LENGTH: usize = 200;
/// The suffix of dead-letter topics.
const DEAD_LETTERS: &str = ".dlq";

/// The text is not a valid name of a topic or a consumer group.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is not a valid {what} name: use 1–{MAX_LENGTH} letters, digits, '.', '_' or '-', with a letter or digit at both ends and without '..'{}",
    if *.what == "topic" { ". The suffix .dlq is reserved for dead letters" } else { "" }
)]
pub struct InvalidName {
    what: &'static str,
    text: String,
}

/// The name of a topic, such as `symbol.created`. Cheap to clone.
///
/// ```
/// use seaworthy_messaging::Topic;
///
/// let topic = Topic::new("symbol.created").unwrap();
/// assert_eq!(topic.dead_letters().as_str(), "symbol.created.dlq");
/// assert!(Topic::new("symbol created").is_err());
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Topic(Arc<str>);

/// The name of a consumer group. The consumers of a group share its messages, and each group
/// receives every message. Cheap to clone.
///
/// ```
/// use seaworthy_messaging::GroupName;
///
/// assert_eq!(GroupName::new("audit").unwrap().as_str(), "audit");
/// assert!(GroupName::new("").is_err());
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct GroupName(Arc<str>);

impl Topic {
    /// Creates a topic name.
    ///
    /// # Errors
    /// [`InvalidName`] if an engine cannot use the name, or if it ends in `.dlq`.
    pub fn new(name: &str) -> Result<Self, InvalidName> {
        if is_name(name) && !name.ends_with(DEAD_LETTERS) {
            return Ok(Self(name.into()));
        }
        Err(InvalidName {
            what: "topic",
            text: name.to_owned(),
        })
    }

    /// Returns the dead-letter topic, `<topic>.dlq`. A dead-letter topic returns itself.
    #[must_use]
    pub fn dead_letters(&self) -> Self {
        if self.is_dead_letters() {
            return self.clone();
        }
        Self(format!("{}{DEAD_LETTERS}", self.0).into())
    }

    /// Whether this is a dead-letter topic.
    #[must_use]
    pub fn is_dead_letters(&self) -> bool {
        self.0.ends_with(DEAD_LETTERS)
    }

    /// Returns the topic of a dead-letter topic, and `None` for any other topic.
    #[must_use]
    pub fn of_dead_letters(&self) -> Option<Self> {
        let bare = self.0.strip_suffix(DEAD_LETTERS)?;
        Some(Self(bare.into()))
    }

    /// Parses a topic name that an engine stored. It may be a dead-letter topic.
    ///
    /// # Errors
    /// [`InvalidName`] if the name is not valid.
    pub fn from_stored(name: &str) -> Result<Self, InvalidName> {
        let bare = name.strip_suffix(DEAD_LETTERS).unwrap_or(name);
        let topic = Self::new(bare)?;
        Ok(if bare == name {
            topic
        } else {
            topic.dead_letters()
        })
    }

    /// Returns the name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl GroupName {
    /// Creates the name of a consumer group.
    ///
    /// # Errors
    /// [`InvalidName`] if an engine cannot use the name.
    pub fn new(name: &str) -> Result<Self, InvalidName> {
        if is_name(name) {
            return Ok(Self(name.into()));
        }
        Err(InvalidName {
            what: "consumer group",
            text: name.to_owned(),
        })
    }

    /// Returns the name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_name(text: &str) -> bool {
    let edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    bytes.len() <= MAX_LENGTH
        && edge(bytes.first())
        && edge(bytes.last())
        && !text.contains("..")
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(byte))
}

macro_rules! text {
    ($name:ident, $parse:expr) => {
        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&*self.0, formatter)
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0.as_ref().to_owned()
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidName;

            fn try_from(text: String) -> Result<Self, InvalidName> {
                $parse(&text)
            }
        }
    };
}

text!(Topic, Topic::from_stored);
text!(GroupName, GroupName::new);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn rejects_names_that_an_engine_cannot_use_msg_2() {
        for bad in [
            "",
            ".",
            "a..b",
            "a b",
            "a/b",
            "a.*",
            "a.#",
            "a.>",
            "é",
            ".a",
            "a.",
            "a.dlq",
            &"x".repeat(201),
        ] {
            assert!(Topic::new(bad).is_err(), "{bad:?}");
        }
        assert!(GroupName::new("join-service.event-snapshots.dlq").is_ok());
    }

    proptest! {
        #[test]
        fn valid_names_survive_storage_msg_1(name in "[a-z0-9._-]{1,40}") {
            if let Ok(topic) = Topic::new(&name) {
                prop_assert_eq!(Topic::from_stored(topic.as_str()), Ok(topic.clone()));
                let dead = topic.dead_letters();
                prop_assert!(dead.is_dead_letters());
                prop_assert_eq!(Topic::from_stored(dead.as_str()), Ok(dead.clone()));
                prop_assert_eq!(dead.dead_letters(), dead);
            }
        }
    }
}
