use seaworthy_core::{Code, Error};

use super::store::StoreError;
use crate::problem::{self, Problem};

/// A change of flags at run time was rejected.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChangeError {
    /// Neither a source nor the code defines the flag.
    #[error("no flag has the key {0:?}: list them with GET /flags")]
    UnknownFlag(String),
    /// The flag does not have the variant.
    #[error("flag {key:?} has no variant {variant:?}: use one of {}", known.join(", "))]
    UnknownVariant {
        /// The key of the flag.
        key: String,
        /// The name of the variant.
        variant: String,
        /// The variants of the flag.
        known: Vec<String>,
    },
    /// No override has this scope.
    #[error("flag {0:?} has no override for this scope: list them with GET /flags")]
    NoOverride(String),
    /// A value of the request is not valid.
    #[error("`{field}` {problem}")]
    Field {
        /// The field of the request.
        field: &'static str,
        /// A description of the error.
        problem: String,
    },
    /// The definition is not valid.
    #[error("the flag is not valid: {}", problem::join(.0))]
    Invalid(Vec<Problem>),
    /// Another operator has changed the flag.
    #[error("the flag has version {current}: read it again and repeat the change")]
    Version {
        /// The version of the flag.
        current: u64,
    },
    /// The flag turns off a part that protects the service.
    #[error(
        "part {0:?} protects the service: add it to `allowed_switches` of the flags to turn it off in production"
    )]
    Protected(String),
    /// The settings turn flags off.
    #[error("feature flags are turned off: set `enabled` of the flags to true")]
    Disabled,
    /// There are too many overrides or definitions.
    #[error("the maximum of {0} is reached: remove some of them first")]
    TooMany(&'static str),
    /// Other replicas changed flags during each attempt.
    #[error("a concurrent change was stored first: read the flag again")]
    Contention,
    /// The store failed, and the change has no effect.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<ChangeError> for Error {
    fn from(error: ChangeError) -> Self {
        let text = error.to_string();
        match error {
            ChangeError::UnknownFlag(_) => Self::new(Code::NotFound, "FLAG_NOT_FOUND", text),
            ChangeError::NoOverride(_) => Self::new(Code::NotFound, "OVERRIDE_NOT_FOUND", text),
            ChangeError::UnknownVariant { .. } => Self::new(Code::Invalid, "UNKNOWN_VARIANT", text),
            ChangeError::Field { field, problem } => {
                Self::new(Code::Invalid, "VALIDATION_FAILED", text).with_field(field, problem)
            }
            ChangeError::Invalid(problems) => {
                let error = Self::new(Code::Invalid, "INVALID_FLAG", "the flag is not valid");
                problems.into_iter().fold(error, |error, problem| {
                    error.with_field(problem.path.join("."), problem.problem)
                })
            }
            ChangeError::Version { .. } => Self::new(Code::Conflict, "VERSION_CONFLICT", text),
            ChangeError::Protected(_) => Self::new(Code::Forbidden, "PROTECTED_FLAG", text),
            ChangeError::Disabled => Self::new(Code::Conflict, "FLAGS_DISABLED", text),
            ChangeError::TooMany(_) => Self::new(Code::Exhausted, "TOO_MANY_CHANGES", text),
            ChangeError::Contention => Self::new(Code::Conflict, "CONCURRENT_CHANGES", text),
            ChangeError::Store(cause) => {
                let message = "the store of feature flags does not respond: try again later";
                Self::new(Code::Unavailable, "FLAG_STORE_FAILED", message).with_cause(cause)
            }
        }
    }
}
