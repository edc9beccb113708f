use bytes::Bytes;
use futures::future::BoxFuture;
use seaworthy_storage::{InvalidKey, Object, ObjectKey, Storage, StorageError};
use serde_json::Value;

use crate::{Upload, UploadError, keys, store::Inner};

/// The work of a service on a scanned upload.
///
/// An attempt may run again after a crash, so it must give the same results.
pub trait ProcessUpload: Send + Sync + 'static {
    /// Returns the keys that [`process`](Self::process) may write to the storage of results. The
    /// worker stores the keys first, so that the sweeper finds the objects after a crash.
    ///
    /// # Errors
    /// A key is not valid.
    fn results(&self, upload: &Upload) -> Result<Vec<ObjectKey>, InvalidKey>;

    /// Processes the content. The value becomes [`Upload::details`].
    fn process(
        &self,
        upload: IncomingUpload<'_>,
    ) -> impl Future<Output = Result<Value, ProcessError>> + Send;
}

/// The form of [`ProcessUpload`] that can be a trait object.
pub(crate) trait ProcessBoxed: Send + Sync {
    fn results(&self, upload: &Upload) -> Result<Vec<ObjectKey>, InvalidKey>;
    fn process<'a>(
        &'a self,
        upload: IncomingUpload<'a>,
    ) -> BoxFuture<'a, Result<Value, ProcessError>>;
}

impl<P: ProcessUpload> ProcessBoxed for P {
    fn results(&self, upload: &Upload) -> Result<Vec<ObjectKey>, InvalidKey> {
        ProcessUpload::results(self, upload)
    }

    fn process<'a>(
        &'a self,
        upload: IncomingUpload<'a>,
    ) -> BoxFuture<'a, Result<Value, ProcessError>> {
        Box::pin(ProcessUpload::process(self, upload))
    }
}

/// An upload whose content can be read.
#[derive(Debug, Clone, Copy)]
pub struct IncomingUpload<'a> {
    pub(crate) upload: &'a Upload,
    pub(crate) store: &'a Inner,
}

impl<'a> IncomingUpload<'a> {
    /// Returns the upload.
    #[must_use]
    pub fn upload(&self) -> &'a Upload {
        self.upload
    }

    /// Returns the storage of results.
    #[must_use]
    pub fn results(&self) -> &'a Storage {
        &self.store.results
    }

    /// Opens the content. It is exactly the content that was completed and scanned.
    ///
    /// # Errors
    /// [`ProcessError::Rejected`] if the client replaced the content, or a failure of the storage.
    pub async fn open(&self) -> Result<Object, ProcessError> {
        let key = keys::content(self.upload.id).map_err(StorageError::from)?;
        let object = match self.store.incoming.get(&key).await {
            Err(StorageError::NotFound(_)) => {
                return Err(ProcessError::rejected(
                    "CONTENT_MISSING",
                    "the content was removed after the upload",
                ));
            }
            opened => opened?,
        };
        if self.upload.etag.as_ref() != Some(&object.meta().etag) {
            return Err(replaced());
        }
        Ok(object)
    }

    /// Reads the whole content, of at most `max_size` bytes.
    ///
    /// # Errors
    /// As for [`open`](Self::open), and [`ProcessError::Rejected`] if it is larger.
    pub async fn bytes(&self, max_size: u64) -> Result<Bytes, ProcessError> {
        match self.open().await?.bytes(max_size).await {
            Err(error @ StorageError::TooLarge(_)) => {
                Err(ProcessError::rejected("TOO_LARGE", error.to_string()))
            }
            Err(StorageError::Changed(_)) => Err(replaced()),
            read => Ok(read?),
        }
    }
}

fn replaced() -> ProcessError {
    ProcessError::rejected(
        "CONTENT_REPLACED",
        "the content was replaced after the upload was complete",
    )
}

/// An error that prevents the processing of an upload.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// The content is not acceptable. The upload fails, and its owner sees the text.
    #[error("{message}")]
    Rejected {
        /// A code in upper snake case.
        reason: String,
        /// English text.
        message: String,
    },
    /// A dependency failed. The upload is processed again later.
    #[error("the upload cannot be processed now")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl ProcessError {
    /// Creates a permanent error: the upload fails with this reason.
    pub fn rejected(reason: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Rejected {
            reason: reason.into(),
            message: message.into(),
        }
    }

    /// Creates a transient error: the upload is processed again.
    pub fn failed(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Failed(cause.into())
    }
}

impl From<StorageError> for ProcessError {
    fn from(error: StorageError) -> Self {
        Self::failed(error)
    }
}

impl From<UploadError> for ProcessError {
    fn from(error: UploadError) -> Self {
        Self::failed(error)
    }
}
