use std::{borrow::Cow, collections::BTreeMap, error::Error as StdError, fmt, time::Duration};

use crate::Code;

/// The error of handlers and domain code (API-2).
///
/// Clients see the code, reason, message and fields. Only logs contain the cause: no transport
/// sends it.
///
/// ```
/// use seaworthy_core::{Code, Error};
///
/// let error = Error::new(Code::Unavailable, "STORE_DOWN", "the store cannot be reached")
///     .with_cause(std::io::Error::other("10.0.0.7:5432: connection refused"));
/// assert_eq!(error.to_string(), "the store cannot be reached");
/// assert!(error.cause().is_some());
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    code: Code,
    reason: Cow<'static, str>,
    message: Cow<'static, str>,
    fields: Vec<FieldViolation>,
    metadata: BTreeMap<&'static str, String>,
    retry_after: Option<Duration>,
    cause: Option<Box<dyn StdError + Send + Sync>>,
}

/// A violation of one field of a request (API-3).
///
/// ```
/// use seaworthy_core::{Error, FieldViolation};
///
/// let error = Error::invalid(vec![FieldViolation::new("items[2].price", "must be positive")]);
/// assert_eq!(error.reason(), "VALIDATION_FAILED");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct FieldViolation {
    /// Path of the field in the request, such as `items[2].price`.
    pub field: String,
    /// English description of the violation.
    pub description: String,
}

impl FieldViolation {
    /// Creates a violation.
    pub fn new(field: impl Into<String>, description: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            description: description.into(),
        }
    }
}

impl Error {
    /// Creates an error. `reason` is machine-readable, in upper snake case. `message` is public
    /// English text.
    pub fn new(
        code: Code,
        reason: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self(Box::new(Inner {
            code,
            reason: reason.into(),
            message: message.into(),
            fields: Vec::new(),
            metadata: BTreeMap::new(),
            retry_after: None,
            cause: None,
        }))
    }

    /// Creates an internal error. Only logs contain `cause`.
    pub fn internal(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::new(Code::Internal, "INTERNAL", "the service failed to respond").with_cause(cause)
    }

    /// Creates an error that lists every invalid field.
    pub fn invalid(fields: Vec<FieldViolation>) -> Self {
        let mut error = Self::new(
            Code::Invalid,
            "VALIDATION_FAILED",
            "the request has invalid fields",
        );
        error.0.fields = fields;
        error
    }

    /// Adds the private cause.
    #[must_use]
    pub fn with_cause(mut self, cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.cause = Some(cause.into());
        self
    }

    /// Adds an invalid field.
    #[must_use]
    pub fn with_field(mut self, field: impl Into<String>, description: impl Into<String>) -> Self {
        self.0.fields.push(FieldViolation::new(field, description));
        self
    }

    /// Adds a public value for programs, such as the time at which a lock ends. The name is
    /// in lower snake case.
    #[must_use]
    pub fn with_metadata(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.0.metadata.insert(name, value.into());
        self
    }

    /// Sets how long the client should wait before a retry.
    #[must_use]
    pub fn with_retry_after(mut self, wait: Duration) -> Self {
        self.0.retry_after = Some(wait);
        self
    }

    /// Returns the kind of failure.
    #[must_use]
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// Returns the machine-readable reason, such as `EVENT_FULL`.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.0.reason
    }

    /// Returns the public message.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Returns the invalid fields. The list is empty if the failure does not concern fields.
    #[must_use]
    pub fn fields(&self) -> &[FieldViolation] {
        &self.0.fields
    }

    /// Returns the public values for programs.
    #[must_use]
    pub fn metadata(&self) -> &BTreeMap<&'static str, String> {
        &self.0.metadata
    }

    /// Returns how long the client should wait before a retry.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Returns the value of `Retry-After`: [`retry_after`](Self::retry_after) in whole seconds, at
    /// least 1. It is rounded up, because a retry after the rounded-down time would be rejected
    /// again.
    #[must_use]
    pub fn retry_after_seconds(&self) -> Option<u64> {
        let wait = self.0.retry_after?;
        let seconds = wait
            .as_secs()
            .saturating_add(u64::from(wait.subsec_nanos() > 0));
        Some(seconds.max(1))
    }

    /// Returns the private cause, for logs.
    #[must_use]
    pub fn cause(&self) -> Option<&(dyn StdError + Send + Sync + 'static)> {
        self.0.cause.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Error")
            .field("code", &self.0.code)
            .field("reason", &self.0.reason)
            .field("message", &self.0.message)
            .field("fields", &self.0.fields)
            .field("cause", &self.0.cause)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0
            .cause
            .as_deref()
            .map(|cause| cause as &(dyn StdError + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_rounded_up_to_whole_seconds_res_6() {
        let seconds = |wait| {
            let error = Error::new(Code::Unavailable, "OVERLOADED", "try again later");
            error.with_retry_after(wait).retry_after_seconds()
        };
        assert_eq!(seconds(Duration::ZERO), Some(1));
        assert_eq!(seconds(Duration::from_secs(2)), Some(2));
        assert_eq!(seconds(Duration::from_millis(2_001)), Some(3));
        assert_eq!(seconds(Duration::MAX), Some(u64::MAX));
    }
}
