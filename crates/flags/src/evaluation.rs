use std::{fmt, sync::Arc};

use serde::{Serialize, Serializer};
use serde_json::Value;

/// The result of an evaluation. Always has a value.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Evaluation<T> {
    /// The value of the variant, or the default of the code.
    pub value: T,
    /// The name of the variant. `None` if the value is the default of the code.
    pub variant: Option<Arc<str>>,
    /// The reason for the value.
    pub reason: Reason,
    /// The error, if the reason is [`Reason::Error`].
    pub error: Option<ErrorCode>,
}

/// The reasons of OpenFeature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// The flag has no rule.
    Static,
    /// The rule selected no variant, or the flag has no default variant.
    Default,
    /// The rule selected a variant.
    TargetingMatch,
    /// The flag is disabled. The value is the default of the code.
    Disabled,
    /// The value may be out of date, because the source of the flags does not respond.
    Stale,
    /// The evaluation failed. The value is the default of the code.
    Error,
}

/// The error codes of OpenFeature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorCode {
    /// No source defines the flag.
    FlagNotFound,
    /// The rule of the flag is not valid or failed.
    ParseError,
    /// The variant has another type than the flag in the code.
    TypeMismatch,
    /// The rule named a variant that does not exist.
    General,
}

impl Reason {
    /// Returns the name in OpenFeature, such as `TARGETING_MATCH`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Static => "STATIC",
            Self::Default => "DEFAULT",
            Self::TargetingMatch => "TARGETING_MATCH",
            Self::Disabled => "DISABLED",
            Self::Stale => "STALE",
            Self::Error => "ERROR",
        }
    }
}

impl ErrorCode {
    /// Returns the name in OpenFeature, such as `FLAG_NOT_FOUND`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FlagNotFound => "FLAG_NOT_FOUND",
            Self::ParseError => "PARSE_ERROR",
            Self::TypeMismatch => "TYPE_MISMATCH",
            Self::General => "GENERAL",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl Serialize for Reason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl Serialize for ErrorCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// One of the values of a flag.
#[derive(Debug, Clone, PartialEq)]
pub struct Variant {
    pub(crate) name: Arc<str>,
    pub(crate) value: Value,
    /// The value if it is a string, so that reading it does not allocate.
    pub(crate) text: Option<Arc<str>>,
}

impl Variant {
    pub(crate) fn new(name: &str, value: Value) -> Self {
        Self {
            name: name.into(),
            text: value.as_str().map(Arc::from),
            value,
        }
    }

    /// Returns the name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the value.
    #[must_use]
    pub fn value(&self) -> &Value {
        &self.value
    }
}
