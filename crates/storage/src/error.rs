use std::io;

use http::StatusCode;
use seaworthy_client::{BuildError, ClientError};
use seaworthy_core::{ByteSize, Code, Error};

use crate::{InvalidKey, ObjectKey};

/// An error of a storage.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StorageError {
    /// No object has this key.
    #[error("no object has the key {0}")]
    NotFound(ObjectKey),
    /// The object exists already, but the upload requires that it does not.
    #[error("an object with the key {0} exists")]
    AlreadyExists(ObjectKey),
    /// The object was replaced or deleted while it was read.
    #[error("the object {0} changed while it was read: read it again")]
    Changed(ObjectKey),
    /// The range is empty or begins after the end of the object.
    #[error("the range is empty or outside of the object of {size} bytes")]
    Range {
        /// The size of the object, in bytes.
        size: u64,
    },
    /// The object or the body is larger than a limit.
    #[error("the content is larger than the limit of {0}")]
    TooLarge(ByteSize),
    /// The body does not have the declared size.
    #[error("the content has {actual} bytes or more, and {expected} were declared")]
    Size {
        /// The declared size, in bytes.
        expected: u64,
        /// The number of bytes that were read.
        actual: u64,
    },
    /// The body of an upload failed.
    #[error("the content cannot be read")]
    Content(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The text is not a key.
    #[error(transparent)]
    Key(#[from] InvalidKey),
    /// An argument is not valid.
    #[error("{0}")]
    Argument(&'static str),
    /// The engine cannot limit the size of a signed upload without its exact size and media type.
    #[error("declare the size and the media type: the storage cannot limit an upload without them")]
    MissingConstraints,
    /// The multipart upload does not exist. It was completed, aborted or removed.
    #[error("the multipart upload of {0} does not exist")]
    NoSuchUpload(ObjectKey),
    /// A part is missing, changed or too small.
    #[error("the parts of the upload are not valid: {0}")]
    Parts(&'static str),
    /// The memory of the storage is full.
    #[error("the storage has reached its maximum of {0}: set max_memory or use another engine")]
    Full(ByteSize),
    /// The settings are not valid.
    #[error("{0}")]
    Settings(&'static str),
    /// The HTTP client cannot be built.
    #[error("the HTTP client cannot be built")]
    Build(#[from] BuildError),
    /// The server did not respond.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The server responded with an error.
    #[error("the server responded with {status} and the code {code:?}{hint}", hint = hint(code))]
    Response {
        /// The status.
        status: StatusCode,
        /// The code of S3, such as `AccessDenied`. It may be empty.
        code: String,
    },
    /// The response of the server is not valid.
    #[error("the response of the server is not valid: {0}")]
    InvalidResponse(&'static str),
    /// The file system failed.
    #[error("cannot {action}")]
    File {
        /// The action that failed.
        action: &'static str,
        /// The cause.
        source: io::Error,
    },
}

/// Returns the correction for codes whose cause is not obvious.
fn hint(code: &str) -> &'static str {
    match code {
        "RequestTimeTooSkewed" => ": the clocks differ by more than 15 minutes, synchronize them",
        "SignatureDoesNotMatch" => ": check secret_key and region",
        "InvalidAccessKeyId" | "InvalidAccessKey" => ": check access_key",
        "AccessDenied" => ": the access key lacks a permission for this bucket",
        "NoSuchBucket" => ": create the bucket",
        _ => "",
    }
}

impl StorageError {
    /// Returns the reason, which metrics use as a label.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::NotFound(_) => "NOT_FOUND",
            Self::AlreadyExists(_) => "ALREADY_EXISTS",
            Self::Changed(_) => "CHANGED",
            Self::Range { .. } => "RANGE",
            Self::TooLarge(_) => "TOO_LARGE",
            Self::Size { .. } => "SIZE_MISMATCH",
            Self::Content(_) => "CONTENT_FAILED",
            Self::Key(_) | Self::Argument(_) | Self::Settings(_) => "INVALID",
            Self::MissingConstraints => "UPLOAD_CONSTRAINTS_REQUIRED",
            Self::NoSuchUpload(_) => "NO_SUCH_UPLOAD",
            Self::Parts(_) => "INVALID_PARTS",
            Self::Full(_) => "FULL",
            Self::Build(_) => "BUILD_FAILED",
            Self::Client(error) => error.reason(),
            Self::Response { .. } => "UNEXPECTED_STATUS",
            Self::InvalidResponse(_) => "UNEXPECTED_RESPONSE",
            Self::File { .. } => "FILE_FAILED",
        }
    }

    pub(crate) fn file(action: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::File { action, source }
    }
}

/// The public message names the input to correct. The error omits keys, hosts and paths.
impl From<StorageError> for Error {
    fn from(error: StorageError) -> Self {
        let (code, reason) = (code_of(&error), error.reason());
        let text = match &error {
            StorageError::NotFound(_) => "the object does not exist",
            StorageError::AlreadyExists(_) => "the object exists already: use another key",
            StorageError::Changed(_) => "the object changed: try again",
            StorageError::Range { .. } => "the range is outside of the object",
            StorageError::TooLarge(_) => "the content is too large",
            StorageError::Size { .. } => "the content does not have the declared size",
            StorageError::Content(_) => "the content could not be read completely",
            StorageError::Key(_) => "the object key is not valid",
            StorageError::MissingConstraints => "declare the size and the media type of the upload",
            StorageError::NoSuchUpload(_) => "the upload does not exist",
            StorageError::Parts(_) => "the parts of the upload are not valid",
            StorageError::Full(_) => "the storage is full: try again later",
            StorageError::Client(_)
            | StorageError::Response { .. }
            | StorageError::InvalidResponse(_) => {
                "a dependency of this service is failing: try again later"
            }
            _ => return Self::internal(error),
        };
        match error {
            StorageError::Client(error) => error.into(),
            error => Self::new(code, reason, text).with_cause(error),
        }
    }
}

fn code_of(error: &StorageError) -> Code {
    match error {
        StorageError::NotFound(_) | StorageError::NoSuchUpload(_) => Code::NotFound,
        StorageError::AlreadyExists(_) | StorageError::Changed(_) => Code::Conflict,
        StorageError::TooLarge(_) => Code::TooLarge,
        StorageError::Range { .. }
        | StorageError::Size { .. }
        | StorageError::Content(_)
        | StorageError::Key(_)
        | StorageError::MissingConstraints
        | StorageError::Parts(_) => Code::Invalid,
        StorageError::Full(_)
        | StorageError::Client(_)
        | StorageError::Response { .. }
        | StorageError::InvalidResponse(_) => Code::Unavailable,
        _ => Code::Internal,
    }
}
