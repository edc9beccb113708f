use std::time::Duration;

use seaworthy_core::{ByteSize, Code, Error};
use seaworthy_data::DataError;
use seaworthy_outbox::StoreError;
use seaworthy_storage::{InvalidKey, StorageError};

use crate::UploadStatus;

/// The `Retry-After` of a request that another replica can serve, or this one later.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// An operation on an upload failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UploadError {
    /// The upload does not exist.
    #[error("the upload does not exist")]
    NotFound,
    /// The upload belongs to another owner.
    #[error("the upload belongs to another owner")]
    Forbidden,
    /// The client has not sent the content.
    #[error("the storage does not have the content: send it before you complete the upload")]
    NotUploaded,
    /// The content is larger than the limit.
    #[error("the upload is larger than {0}")]
    TooLarge(ByteSize),
    /// The content does not have the declared size.
    #[error("the upload has {actual} bytes, but the client declared {declared}")]
    Size {
        /// The declared size, in bytes.
        declared: u64,
        /// The actual size, in bytes.
        actual: u64,
    },
    /// The owner has too many incomplete uploads.
    #[error("{0} uploads are incomplete: complete or cancel one first")]
    TooManyOpen(u32),
    /// The uploads of the owner are too large in total.
    #[error("your uploads would exceed {0}: delete one first")]
    Quota(ByteSize),
    /// An argument is too long or not valid.
    #[error("{0}")]
    Invalid(&'static str),
    /// The upload does not accept content.
    #[error("the upload does not accept content, because its status is {0}")]
    Closed(UploadStatus),
    /// Another request writes to the upload.
    #[error("another request writes to the upload: retry in a few seconds")]
    Busy,
    /// A newer request for the same upload replaced this one.
    #[error("a newer request continues the upload")]
    Replaced,
    /// The process has no memory for the content.
    #[error("the service is overloaded: continue the upload in a few seconds")]
    Overloaded,
    /// A dependency failed for longer than `processing_ttl`.
    #[error("the file could not be processed in time: upload it again")]
    Overdue,
    /// The service stops.
    #[error("the service stops: continue the upload in a few seconds")]
    Stopping,
    /// A request panicked.
    #[error("the request panicked")]
    Panicked,
    /// The body could not be read.
    #[error("the body could not be read completely: send it again")]
    Body(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The content does not match its digest.
    #[error("the content does not match its digest: send it again")]
    Digest,
    /// The database failed.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The message for the workers cannot be stored.
    #[error(transparent)]
    Outbox(#[from] StoreError),
    /// The storage failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// A stored value is not valid.
    #[error("the state of the upload is not valid")]
    State(#[from] serde_json::Error),
}

impl UploadError {
    /// Returns the reason, for clients and metrics.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::NotFound => "UPLOAD_NOT_FOUND",
            Self::Forbidden => "UPLOAD_FORBIDDEN",
            Self::NotUploaded => "NOT_UPLOADED",
            Self::TooLarge(_) => "TOO_LARGE",
            Self::Size { .. } => "SIZE_MISMATCH",
            Self::TooManyOpen(_) => "TOO_MANY_OPEN_UPLOADS",
            Self::Quota(_) => "QUOTA_EXCEEDED",
            Self::Invalid(_) => "INVALID",
            Self::Closed(_) => "UPLOAD_CLOSED",
            Self::Busy => "UPLOAD_BUSY",
            Self::Replaced => "UPLOAD_REPLACED",
            Self::Overloaded => "OVERLOADED",
            Self::Overdue => "PROCESSING_OVERDUE",
            Self::Stopping => "STOPPING",
            Self::Panicked => "PANICKED",
            Self::Body(_) => "BODY_FAILED",
            Self::Digest => "DIGEST_MISMATCH",
            Self::Data(_) => "DATABASE_FAILED",
            Self::Outbox(_) => "OUTBOX_FAILED",
            Self::Storage(error) => error.reason(),
            Self::State(_) => "STATE_INVALID",
        }
    }
}

impl From<InvalidKey> for UploadError {
    fn from(error: InvalidKey) -> Self {
        Self::Storage(error.into())
    }
}

impl From<UploadError> for Error {
    fn from(error: UploadError) -> Self {
        let code = match error {
            UploadError::Data(error) => return error.into(),
            UploadError::Outbox(error) => return error.into(),
            UploadError::Storage(error) => return error.into(),
            UploadError::State(_) | UploadError::Panicked => return Self::internal(error),
            UploadError::NotFound => Code::NotFound,
            UploadError::Forbidden => Code::Forbidden,
            UploadError::TooLarge(_) => Code::TooLarge,
            UploadError::NotUploaded
            | UploadError::Size { .. }
            | UploadError::Invalid(_)
            | UploadError::Body(_)
            | UploadError::Digest => Code::Invalid,
            UploadError::Overloaded | UploadError::Stopping => Code::Unavailable,
            UploadError::Overdue
            | UploadError::TooManyOpen(_)
            | UploadError::Quota(_)
            | UploadError::Closed(_)
            | UploadError::Busy
            | UploadError::Replaced => Code::Conflict,
        };
        let (reason, text) = (error.reason(), error.to_string());
        let answer = Self::new(code, reason, text).with_cause(error);
        match code {
            Code::Unavailable => answer.with_retry_after(RETRY_AFTER),
            _ => answer,
        }
    }
}
