use std::{borrow::Borrow, fmt, sync::Arc};

use serde::{Deserialize, Serialize};

/// What every engine can use as the name of a queue, a subject, a stream or a topic, with room for what engines add to it.
const LONGEST: usize = 200;
/// What a topic's dead letters are kept under.
const DEAD_LETTERS: &str = ".dlq";

/// The text names no topic, or no group.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is no name of a {what}: 1 to {LONGEST} characters out of letters, digits and ._- that begin and end with a letter or digit, without two dots in a row{}",
    if *.what == "topic" { "; names that end in .dlq are for dead letters" } else { "" }
)]
pub struct InvalidName {
    what: &'static str,
    text: String,
}

/// What messages of one kind are published to, such as `symbol.created`. Cheap to clone.
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

/// The consumers that share the messages of a subscription. Each group gets every message once. Cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct GroupName(Arc<str>);

impl Topic {
    /// A topic by its name.
    ///
    /// # Errors
    /// [`InvalidName`] when some engine could not use it.
    pub fn new(name: &str) -> Result<Self, InvalidName> {
        if is_name(name) && !name.ends_with(DEAD_LETTERS) {
            return Ok(Self(name.into()));
        }
        Err(InvalidName {
            what: "topic",
            text: name.to_owned(),
        })
    }

    /// Where messages of this topic go that no consumer could handle: `<topic>.dlq`. Those of such a topic go where they are.
    #[must_use]
    pub fn dead_letters(&self) -> Self {
        if self.is_dead_letters() {
            return self.clone();
        }
        Self(format!("{}{DEAD_LETTERS}", self.0).into())
    }

    /// Whether messages are kept here that no consumer could handle.
    #[must_use]
    pub fn is_dead_letters(&self) -> bool {
        self.0.ends_with(DEAD_LETTERS)
    }

    /// The topic whose dead letters are kept here; none for a topic of other messages.
    #[must_use]
    pub fn of_dead_letters(&self) -> Option<Self> {
        let bare = self.0.strip_suffix(DEAD_LETTERS)?;
        Some(Self(bare.into()))
    }

    /// A topic as an engine stored it, that of dead letters included.
    ///
    /// # Errors
    /// [`InvalidName`] when it cannot have come from here.
    pub fn stored(name: &str) -> Result<Self, InvalidName> {
        let bare = name.strip_suffix(DEAD_LETTERS).unwrap_or(name);
        let topic = Self::new(bare)?;
        Ok(if bare == name {
            topic
        } else {
            topic.dead_letters()
        })
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl GroupName {
    /// A group by its name.
    ///
    /// # Errors
    /// [`InvalidName`] when some engine could not use it.
    pub fn new(name: &str) -> Result<Self, InvalidName> {
        if is_name(name) {
            return Ok(Self(name.into()));
        }
        Err(InvalidName {
            what: "group",
            text: name.to_owned(),
        })
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_name(text: &str) -> bool {
    let edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    bytes.len() <= LONGEST
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

text!(Topic, Topic::stored);
text!(GroupName, GroupName::new);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_that_some_engine_cannot_use_are_refused_msg_2() {
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
        fn what_is_accepted_comes_back_from_where_it_was_stored_msg_1(name in "[a-z0-9._-]{1,40}") {
            if let Ok(topic) = Topic::new(&name) {
                prop_assert_eq!(Topic::stored(topic.as_str()), Ok(topic.clone()));
                let dead = topic.dead_letters();
                prop_assert!(dead.is_dead_letters());
                prop_assert_eq!(Topic::stored(dead.as_str()), Ok(dead.clone()));
                prop_assert_eq!(dead.dead_letters(), dead);
            }
        }
    }
}
