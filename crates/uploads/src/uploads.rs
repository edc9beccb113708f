use std::{fmt, sync::Arc};

use seaworthy_config::Settings;
use seaworthy_data::sql;
use seaworthy_http::FormError;
use seaworthy_messaging::Message;
use seaworthy_outbox::Outbox;
use seaworthy_service::{Assembly, Tasks};
use seaworthy_storage::{Content, PutOptions, SignedRequest, StorageError, UploadConstraints};
use uuid::Uuid;

use crate::{
    NewUpload, Upload, UploadError, UploadStatus, UploadStore, clean,
    create::{self, MIN_RESERVED, signed},
    keys,
    store::find,
    sweep,
    writers::Writers,
};

/// The media type of content whose client declares none.
pub(crate) const UNKNOWN_TYPE: &str = "application/octet-stream";

type Announce = dyn Fn(&Upload) -> Message + Send + Sync;

/// Accepts uploads. Clones share it.
#[derive(Clone)]
pub struct Uploads(Arc<Inner>);

struct Inner {
    store: UploadStore,
    outbox: Outbox,
    announce: Box<Announce>,
    tasks: Tasks,
    writers: Writers,
}

impl Uploads {
    /// Accepts uploads of a service, and starts the sweeper. `announce` creates the message for the
    /// workers about a complete upload. Its subscription calls
    /// [`UploadWorker::process`](crate::UploadWorker::process).
    #[must_use]
    pub fn start<C: Settings>(
        service: &Assembly<C>,
        store: &UploadStore,
        outbox: &Outbox,
        announce: impl Fn(&Upload) -> Message + Send + Sync + 'static,
    ) -> Self {
        let uploads = Self(Arc::new(Inner {
            store: store.clone(),
            outbox: outbox.clone(),
            announce: Box::new(announce),
            tasks: service.tasks().clone(),
            writers: Writers::default(),
        }));
        service.worker(sweep::worker(&uploads));
        uploads
    }

    /// Returns the store.
    #[must_use]
    pub fn store(&self) -> &UploadStore {
        &self.0.store
    }

    /// Runs a request in a separate task, so that it continues without its client.
    pub(crate) async fn run_detached<T, E>(
        &self,
        name: &'static str,
        request: impl Future<Output = Result<T, E>> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<UploadError> + Send + 'static,
    {
        match self.0.tasks.spawn_in_new_context(name, request).await {
            Ok(Some(outcome)) => outcome,
            _ if self.0.tasks.stop().is_requested() => Err(UploadError::Stopping.into()),
            _ => Err(UploadError::Panicked.into()),
        }
    }

    pub(crate) fn writers(&self) -> &Writers {
        &self.0.writers
    }

    /// Creates an upload within the quota of its owner.
    ///
    /// # Errors
    /// [`UploadError::TooLarge`], [`UploadError::TooManyOpen`], [`UploadError::Quota`],
    /// [`UploadError::Invalid`], or a failure of the database.
    pub async fn create(&self, new: NewUpload) -> Result<Upload, UploadError> {
        create::create(&self.0.store.0, &new).await
    }

    /// Creates an upload like [`create`](Self::create), and signs its URL like
    /// [`presign`](Self::presign).
    ///
    /// # Errors
    /// The errors of both. After an error, no upload exists.
    pub async fn create_signed(
        &self,
        new: NewUpload,
    ) -> Result<(Upload, SignedRequest), UploadError> {
        create::check(&self.0.store.0, &new)?;
        // Sign first: a rejection must not leave an upload.
        self.sign(Uuid::nil(), new.size, new.content_type.as_deref())?;
        let upload = self.create(new).await?;
        let signed = self.presign(&upload)?;
        Ok((upload, signed))
    }

    /// Signs a URL with which a client sends the content. The URL binds the size and the media type
    /// if the upload declares both. Otherwise it binds the maximum size.
    ///
    /// # Errors
    /// [`UploadError::Closed`] if the content is complete, or an error of the storage. S3 requires
    /// the size and the media type unless `allow_unenforced_max_size` is set
    /// ([`StorageError::MissingConstraints`]).
    pub fn presign(&self, upload: &Upload) -> Result<SignedRequest, UploadError> {
        match upload.status {
            UploadStatus::Pending => {
                self.sign(upload.id, upload.size, upload.content_type.as_deref())
            }
            status => Err(UploadError::Closed(status)),
        }
    }

    fn sign(
        &self,
        id: Uuid,
        size: Option<u64>,
        content_type: Option<&str>,
    ) -> Result<SignedRequest, UploadError> {
        let config = self.0.store.config();
        let constraints = match (size, content_type) {
            (Some(size), Some(content_type)) => UploadConstraints::new(size, content_type),
            (size, _) => {
                let max = size.unwrap_or(config.max_size.get());
                match config.allow_unenforced_max_size {
                    true => UploadConstraints::with_unenforced_max_size(max),
                    false => UploadConstraints::with_max_size(max),
                }
            }
        };
        let incoming = &self.0.store.0.incoming;
        Ok(incoming.presign_put(&keys::content(id)?, &constraints, config.url_ttl)?)
    }

    /// Stores content that the service receives, and completes the upload.
    ///
    /// # Errors
    /// [`UploadError::TooLarge`], [`UploadError::Closed`], or a failure of the database or the
    /// storage.
    pub async fn put(&self, upload: &Upload, content: Content) -> Result<Upload, UploadError> {
        if upload.status != UploadStatus::Pending {
            return Err(UploadError::Closed(upload.status));
        }
        let content_type = upload.content_type.as_deref().unwrap_or(UNKNOWN_TYPE);
        let options = PutOptions::new(content_type);
        let key = keys::content(upload.id)?;
        self.0.store.0.incoming.put(&key, content, &options).await?;
        self.complete(upload.id, &upload.owner).await
    }

    /// Creates an upload like [`create`](Self::create), and stores its content like
    /// [`put`](Self::put). It continues if the connection of the client is lost.
    ///
    /// # Errors
    /// The errors of both, and [`UploadError::Body`] if the content cannot be read. After an error,
    /// no upload exists.
    pub async fn receive(&self, new: NewUpload, content: Content) -> Result<Upload, UploadError> {
        let uploads = self.clone();
        self.run_detached("receive upload", async move {
            let upload = uploads.create(new).await?;
            match uploads.put(&upload, content).await {
                Ok(stored) => Ok(stored),
                Err(error) => {
                    uploads.store().delete(upload.id).await?;
                    Err(match error {
                        UploadError::Storage(StorageError::Content(error)) => {
                            match error.downcast::<FormError>() {
                                Ok(error) => (*error).into(),
                                Err(error) => UploadError::Body(error),
                            }
                        }
                        error => error,
                    })
                }
            }
        })
        .await
    }

    /// Completes an upload after the client has sent the content. It reads the true size from the
    /// storage, because a client can declare a wrong one. A repeated call returns the current
    /// status.
    ///
    /// # Errors
    /// [`UploadError::NotFound`], [`UploadError::Forbidden`], [`UploadError::NotUploaded`],
    /// [`UploadError::TooLarge`] and [`UploadError::Size`], after which the upload is `failed`, or
    /// a failure of the database or the storage.
    pub async fn complete(&self, id: Uuid, owner: &str) -> Result<Upload, UploadError> {
        let store = &self.0.store;
        let upload = store.find_for_owner(id, owner).await?;
        if upload.status != UploadStatus::Pending {
            return Ok(upload);
        }
        let meta = match store.0.incoming.head(&keys::content(id)?).await {
            Err(StorageError::NotFound(_)) => return Err(UploadError::NotUploaded),
            head => head?,
        };
        if let Some(rejection) = self.rejection(&upload, meta.size) {
            self.reject(&upload, &rejection).await?;
            return Err(rejection);
        }
        let (size, etag) = (signed(meta.size), meta.etag.as_str());
        let reserved = size.max(signed(MIN_RESERVED));
        let database = &store.0.database;
        database
            .transaction(|tx| async move {
                let moved = sql("UPDATE uploads SET status = 'uploaded', size_bytes = ?, reserved_bytes = ?, received_bytes = ?, etag = ?, claimed_by = NULL, claimed_until_us = 0, changed_us = {now_us} WHERE id = ? AND status = 'pending'")
                    .bind(size)
                    .bind(reserved)
                    .bind(size)
                    .bind(etag)
                    .bind(id)
                    .execute(&tx)
                    .await?;
                let upload = find(&tx, id).await?;
                // Only one of two concurrent calls publishes the message.
                if moved.rows_affected() > 0 {
                    self.announce(&tx, &upload).await?;
                }
                Ok(upload)
            })
            .await
    }

    /// Returns the reason to reject content of this size.
    pub(crate) fn rejection(&self, upload: &Upload, actual: u64) -> Option<UploadError> {
        let limit = self.0.store.config().max_size;
        match upload.size {
            _ if actual > limit.get() => Some(UploadError::TooLarge(limit)),
            Some(declared) if declared != actual => Some(UploadError::Size { declared, actual }),
            _ => None,
        }
    }

    /// Fails an upload without a worker, and removes its content.
    pub(crate) async fn reject(
        &self,
        upload: &Upload,
        rejection: &UploadError,
    ) -> Result<(), UploadError> {
        let store = &self.0.store;
        let (reason, text) = (rejection.reason(), rejection.to_string());
        if store.fail(upload.id, None, reason, &text).await? {
            clean::remove_content(&store.0, upload).await?;
        }
        Ok(())
    }

    pub(crate) async fn announce(
        &self,
        tx: &seaworthy_data::Transaction,
        upload: &Upload,
    ) -> Result<(), UploadError> {
        let message = (self.0.announce)(upload);
        Ok(self.0.outbox.store(tx, message).await?)
    }
}

impl fmt::Debug for Uploads {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Uploads")
            .field("store", &self.0.store)
            .finish_non_exhaustive()
    }
}
