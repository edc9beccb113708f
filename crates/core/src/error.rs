use std::{borrow::Cow, error::Error as StdError, fmt, time::Duration};

use crate::Code;

/// The one error of the domain and the edge (API-2).
///
/// It has two faces. The public one (code, reason, message, fields) is what a client may see. The private one, the cause, is for logs only: no
/// transport ever renders it.
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
    retry_after: Option<Duration>,
    cause: Option<Box<dyn StdError + Send + Sync>>,
}

/// One thing that is wrong with one field of a request (API-3).
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct FieldViolation {
    /// The path of the field as the client wrote it, such as `items[2].price`.
    pub field: String,
    /// What is wrong, for people.
    pub description: String,
}

impl FieldViolation {
    /// Names a field and what is wrong with it.
    pub fn new(field: impl Into<String>, description: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            description: description.into(),
        }
    }
}

impl Error {
    /// An error with a machine-readable `reason` in upper snake case and a public `message` for people.
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
            retry_after: None,
            cause: None,
        }))
    }

    /// A fault of the service. The client learns only that it happened; `cause` goes to the log.
    pub fn internal(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::new(Code::Internal, "INTERNAL", "the service failed to answer").with_cause(cause)
    }

    /// A refusal that names every bad field at once.
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

    /// Adds one bad field.
    #[must_use]
    pub fn with_field(mut self, field: impl Into<String>, description: impl Into<String>) -> Self {
        self.0.fields.push(FieldViolation::new(field, description));
        self
    }

    /// Tells the client how long to wait before it tries again.
    #[must_use]
    pub fn with_retry_after(mut self, wait: Duration) -> Self {
        self.0.retry_after = Some(wait);
        self
    }

    /// The kind of failure.
    #[must_use]
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// The machine-readable reason, such as `EVENT_FULL`.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.0.reason
    }

    /// The message that a client may see.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The bad fields, empty where the failure is not about fields.
    #[must_use]
    pub fn fields(&self) -> &[FieldViolation] {
        &self.0.fields
    }

    /// How long a client should wait before it tries again.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The private cause, for logs.
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
