use std::sync::Arc;

use chrono::NaiveDate;
use serde_json::Value;

use crate::value::FlagValue;

/// A flag as the code declares it: its key, its default, its owner and its expiry.
///
/// ```
/// use seaworthy_flags::{Flag, Kind};
///
/// let flag = Flag::boolean("checkout.new", false)
///     .owner("payments")
///     .kind(Kind::Release)
///     .expires("2027-03-01");
/// assert_eq!(flag.key(), "checkout.new");
/// ```
#[derive(Debug, Clone)]
#[must_use = "a flag has no effect until it is declared"]
pub struct Flag<T> {
    pub(crate) key: Arc<str>,
    pub(crate) default: T,
    pub(crate) owner: Option<Arc<str>>,
    pub(crate) kind: Kind,
    pub(crate) expires: Option<Arc<str>>,
}

/// The purpose of a flag. Release, experiment and operational flags must be removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// Hides unfinished code. Should be removed after 40 days.
    #[default]
    Release,
    /// Compares variants. Should be removed after 40 days.
    Experiment,
    /// Controls a migration. Should be removed after 7 days.
    Operational,
    /// Turns a feature off in an incident. Permanent.
    KillSwitch,
    /// Grants a feature to some users. Permanent.
    Permission,
}

impl Kind {
    /// Returns the number of days after which a flag of this kind should be removed.
    #[must_use]
    pub const fn lifetime_days(self) -> Option<u32> {
        match self {
            Self::Release | Self::Experiment => Some(40),
            Self::Operational => Some(7),
            Self::KillSwitch | Self::Permission => None,
        }
    }

    /// Returns the name in listings, such as `kill-switch`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Experiment => "experiment",
            Self::Operational => "operational",
            Self::KillSwitch => "kill-switch",
            Self::Permission => "permission",
        }
    }
}

impl Flag<bool> {
    /// Creates a flag that is on or off.
    pub fn boolean(key: impl Into<Arc<str>>, default: bool) -> Self {
        Self::new(key, default)
    }
}

impl Flag<i64> {
    /// Creates a flag of integers.
    pub fn integer(key: impl Into<Arc<str>>, default: i64) -> Self {
        Self::new(key, default)
    }
}

impl Flag<f64> {
    /// Creates a flag of floating-point numbers.
    pub fn float(key: impl Into<Arc<str>>, default: f64) -> Self {
        Self::new(key, default)
    }
}

impl Flag<Arc<str>> {
    /// Creates a flag of strings.
    pub fn string(key: impl Into<Arc<str>>, default: impl Into<Arc<str>>) -> Self {
        Self::new(key, default.into())
    }
}

impl Flag<Value> {
    /// Creates a flag of JSON objects.
    pub fn object(key: impl Into<Arc<str>>, default: Value) -> Self {
        Self::new(key, default)
    }
}

impl<T: FlagValue> Flag<T> {
    fn new(key: impl Into<Arc<str>>, default: T) -> Self {
        Self {
            key: key.into(),
            default,
            owner: None,
            kind: Kind::default(),
            expires: None,
        }
    }

    /// Sets the team that removes the flag.
    pub fn owner(mut self, owner: impl Into<Arc<str>>) -> Self {
        self.owner = Some(owner.into());
        self
    }

    /// Sets the kind.
    pub fn kind(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self
    }

    /// Sets the day until which the flag should be removed, such as `2027-03-01`. The flag keeps
    /// working, and the service logs a warning at start.
    pub fn expires(mut self, day: impl Into<Arc<str>>) -> Self {
        self.expires = Some(day.into());
        self
    }

    /// Returns the key.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }
}

/// A declared flag without its type.
#[derive(Debug, Clone)]
pub struct Declaration {
    /// The key.
    pub key: Arc<str>,
    /// The type: `boolean`, `integer`, `float`, `string` or `object`.
    pub value_type: &'static str,
    /// The team that removes the flag.
    pub owner: Option<Arc<str>>,
    /// The purpose of the flag.
    pub kind: Kind,
    /// The day until which the flag should be removed.
    pub expires: Option<NaiveDate>,
    /// Whether a variant's value has this type.
    pub(crate) fits: fn(&crate::evaluation::Variant) -> bool,
}

/// A flag cannot be declared.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeclareError {
    /// The day of expiry is not a date.
    #[error("flag {key:?}: {day:?} is not a day: write the year, month and day, as in 2027-03-01")]
    InvalidDay {
        /// The key of the flag.
        key: Arc<str>,
        /// The text.
        day: Arc<str>,
    },
    /// Another declaration of the key has a different type.
    #[error("flag {key:?} is declared as {declared} and as {value_type}: use one type")]
    Conflict {
        /// The key of the flag.
        key: Arc<str>,
        /// The type of the first declaration.
        declared: &'static str,
        /// The type of this declaration.
        value_type: &'static str,
    },
    /// A variant in the flag files has another type.
    #[error("flag {key:?} is declared as {value_type}, and variant {variant:?} has another type")]
    Mismatch {
        /// The key of the flag.
        key: Arc<str>,
        /// The type of the declaration.
        value_type: &'static str,
        /// The name of the variant.
        variant: Arc<str>,
    },
}

impl DeclareError {
    /// Returns the key of the flag.
    #[must_use]
    pub fn key(&self) -> &str {
        match self {
            Self::InvalidDay { key, .. }
            | Self::Conflict { key, .. }
            | Self::Mismatch { key, .. } => key,
        }
    }
}
