use std::{fmt, str::FromStr};

use chrono::{DateTime, Utc};
use seaworthy_data::{DataError, FromRow, Row};
use seaworthy_storage::ObjectKey;
use serde_json::Value;
use uuid::Uuid;

use crate::keys;

/// The state of an upload.
///
/// ```text
/// pending → uploaded → scanning → processing → ready
///    ↓          ↓          ↓           ↓
/// expired     failed     failed      failed
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UploadStatus {
    /// The client has not sent all bytes.
    Pending,
    /// All bytes are stored. A message to the workers is in the outbox.
    Uploaded,
    /// A worker scans the content, or waits for the scanner.
    Scanning,
    /// A worker processes the content.
    Processing,
    /// The results exist.
    Ready,
    /// The content was rejected.
    Failed,
    /// The client did not complete the upload in time.
    Expired,
}

impl UploadStatus {
    const ALL: [Self; 7] = [
        Self::Pending,
        Self::Uploaded,
        Self::Scanning,
        Self::Processing,
        Self::Ready,
        Self::Failed,
        Self::Expired,
    ];

    /// Returns the name, in lower case.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Uploaded => "uploaded",
            Self::Scanning => "scanning",
            Self::Processing => "processing",
            Self::Ready => "ready",
            Self::Failed => "failed",
            Self::Expired => "expired",
        }
    }

    /// Returns whether the status will not change.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Ready | Self::Failed | Self::Expired)
    }
}

impl fmt::Display for UploadStatus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// The status of a deleted upload, which exists until the sweeper has removed its objects.
const DELETED: &str = "deleted";

/// The text is not a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the text is not a status of an upload")]
pub struct InvalidStatus;

impl FromStr for UploadStatus {
    type Err = InvalidStatus;

    fn from_str(text: &str) -> Result<Self, InvalidStatus> {
        let mut all = Self::ALL.into_iter();
        all.find(|status| status.as_str() == text)
            .ok_or(InvalidStatus)
    }
}

/// An upload to create.
///
/// ```
/// use seaworthy_uploads::NewUpload;
///
/// let upload = NewUpload::new("user-7", "avatar").size(52_133).content_type("image/jpeg");
/// # drop(upload);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct NewUpload {
    pub(crate) owner: String,
    pub(crate) purpose: String,
    pub(crate) size: Option<u64>,
    pub(crate) content_type: Option<String>,
    pub(crate) metadata: Option<String>,
}

impl NewUpload {
    /// Creates an upload of this owner for this purpose.
    pub fn new(owner: impl Into<String>, purpose: impl Into<String>) -> Self {
        Self {
            owner: owner.into(),
            purpose: purpose.into(),
            size: None,
            content_type: None,
            metadata: None,
        }
    }

    /// Declares the size, in bytes.
    pub fn size(mut self, size: u64) -> Self {
        self.size = Some(size);
        self
    }

    /// Declares the media type. The client chooses it, so never base a decision on it.
    pub fn content_type(mut self, content_type: impl Into<String>) -> Self {
        self.content_type = Some(content_type.into());
        self
    }

    /// Adds metadata of the client, such as a file name. The store returns it unchanged.
    pub fn metadata(mut self, metadata: impl Into<String>) -> Self {
        self.metadata = Some(metadata.into());
        self
    }
}

/// A reason for the failure of an upload, which its owner may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadFailure {
    /// A code in upper snake case, such as `TOO_LARGE`.
    pub reason: String,
    /// English text.
    pub message: String,
}

/// An upload.
#[derive(Debug, Clone, PartialEq)]
pub struct Upload {
    /// The ID, a UUIDv7.
    pub id: Uuid,
    /// The ID of the owner, or `anonymous`.
    pub owner: String,
    /// The purpose that the service gave it.
    pub purpose: String,
    /// The status.
    pub status: UploadStatus,
    /// The media type that the client declared.
    pub content_type: Option<String>,
    /// The metadata that the client sent, unchanged.
    pub metadata: Option<String>,
    /// The size in bytes: the declared size, or the actual size from the status `uploaded` on.
    pub size: Option<u64>,
    /// The number of stored bytes of a resumable upload.
    pub received: u64,
    /// The result of processing. `None` until the upload is ready.
    pub details: Option<Value>,
    /// The reason of a failure.
    pub failure: Option<UploadFailure>,
    /// The time of creation.
    pub created_at: DateTime<Utc>,
    pub(crate) etag: Option<String>,
    pub(crate) parts: Option<String>,
    pub(crate) results: Vec<ObjectKey>,
    pub(crate) attempts: u32,
}

impl Upload {
    /// Returns the key of the content in the storage of clients.
    #[must_use]
    pub fn content_key(&self) -> String {
        keys::content_text(self.id)
    }
}

macro_rules! upload_columns {
    () => {
        "id, owner_id, purpose, status, content_type, metadata, size_bytes, received_bytes, details, failure_reason, failure_text, created_us, etag, parts, results, attempts"
    };
}
pub(crate) use upload_columns;

impl FromRow for Upload {
    fn from_row(row: &Row) -> Result<Self, DataError> {
        let status: String = row.get("status")?;
        let size: Option<i64> = row.get("size_bytes")?;
        let received: i64 = row.get("received_bytes")?;
        let details: Option<String> = row.get("details")?;
        let results: Option<String> = row.get("results")?;
        let reason: Option<String> = row.get("failure_reason")?;
        let message: Option<String> = row.get("failure_text")?;
        let created: i64 = row.get("created_us")?;
        let attempts: i32 = row.get("attempts")?;
        Ok(Self {
            id: row.get("id")?,
            owner: row.get("owner_id")?,
            purpose: row.get("purpose")?,
            status: match status.as_str() {
                // The sweeper alone reads such rows, to remove their objects.
                DELETED => UploadStatus::Failed,
                status => status.parse().map_err(|error: InvalidStatus| {
                    DataError::unexpected_value(error.to_string())
                })?,
            },
            content_type: row.get("content_type")?,
            metadata: row.get("metadata")?,
            size: size.and_then(|size| u64::try_from(size).ok()),
            received: u64::try_from(received).unwrap_or_default(),
            details: details.and_then(|text| serde_json::from_str(&text).ok()),
            failure: reason.map(|reason| UploadFailure {
                reason,
                message: message.unwrap_or_default(),
            }),
            created_at: DateTime::from_timestamp_micros(created).unwrap_or_default(),
            etag: row.get("etag")?,
            parts: row.get("parts")?,
            results: results
                .and_then(|text| serde_json::from_str(&text).ok())
                .unwrap_or_default(),
            attempts: u32::try_from(attempts).unwrap_or_default(),
        })
    }
}
