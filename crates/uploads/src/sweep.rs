//! The sweeper: publishes the messages of uploads without progress again and removes unused
//! objects.

use seaworthy_core::{Error, Timeout, error_chain};
use seaworthy_data::{microseconds, sql};
use seaworthy_service::{Schedule, Worker};
use seaworthy_storage::StorageError;
use uuid::Uuid;

use crate::{
    Upload, UploadError, Uploads, clean,
    create::{MIN_RESERVED, signed},
    keys,
    store::find,
    upload::upload_columns,
};

/// The interval of the sweeper. Every step reads an index.
const INTERVAL: Timeout = Timeout::from_secs(60);
/// Maximum number of uploads of one step, so that it does not hold locks for long.
const PAGE_SIZE: u32 = 100;
/// Time after the expiry of a URL during which a client may finish its request.
const GRACE: Timeout = Timeout::from_secs(60);
/// Time for which an upload of an anonymous client stays incomplete before it expires.
pub(crate) const ANONYMOUS_PENDING_TTL: Timeout = Timeout::from_secs(60 * 60);

/// Returns the worker. It may run on every replica.
pub(crate) fn worker(uploads: &Uploads) -> Worker {
    let uploads = uploads.clone();
    Worker::in_batches("sweep uploads", Schedule::Interval(INTERVAL), move || {
        let uploads = uploads.clone();
        async move { Ok::<_, Error>(uploads.sweep().await?) }
    })
}

impl Uploads {
    /// Runs one step of the sweeper. Returns whether there may be more to do. The sweeper calls it
    /// every minute, so call it only in tests.
    ///
    /// # Errors
    /// A failure of the database or the storage.
    pub async fn sweep(&self) -> Result<bool, UploadError> {
        let mut is_full = self.announce_stalled().await?;
        is_full |= self.fail_overdue().await?;
        is_full |= self.check_signed().await?;
        is_full |= self.expire_pending().await?;
        is_full |= self.remove_content().await?;
        is_full |= self.delete_failed().await?;
        is_full |= self.remove_deleted().await?;
        Ok(is_full)
    }

    /// Publishes the messages of uploads without progress. A worker lost the message or crashed.
    async fn announce_stalled(&self) -> Result<bool, UploadError> {
        let store = &self.store().0;
        let found: Vec<(Uuid, i64)> = sql("SELECT id, changed_us FROM uploads WHERE status IN ('uploaded', 'scanning', 'processing') AND changed_us <= {now_us} - ? AND claimed_until_us <= {now_us} LIMIT ?")
            .bind(microseconds(store.config.stall_timeout.get()))
            .bind(PAGE_SIZE)
            .fetch_all(&store.database)
            .await?;
        let mut page = Page::of(&found);
        for (id, changed) in found {
            page.record(id, self.announce_again(id, changed).await);
        }
        Ok(page.has_more())
    }

    async fn announce_again(&self, id: Uuid, changed: i64) -> Result<(), UploadError> {
        let store = &self.store().0;
        let announced: Result<bool, UploadError> = store
            .database
            .transaction(|tx| async move {
                let renewed = sql("UPDATE uploads SET changed_us = {now_us} WHERE id = ? AND changed_us = ? AND status IN ('uploaded', 'scanning', 'processing')")
                    .bind(id)
                    .bind(changed)
                    .execute(&tx)
                    .await?;
                let is_renewed = renewed.rows_affected() > 0;
                if is_renewed {
                    self.announce(&tx, &find(&tx, id).await?).await?;
                }
                Ok(is_renewed)
            })
            .await;
        if announced? {
            store.metrics.announced_again.add(1);
            tracing::warn!(%id, "the message of an upload without progress is published again");
        }
        Ok(())
    }

    /// Fails uploads that no worker could process in time, because a dependency failed.
    async fn fail_overdue(&self) -> Result<bool, UploadError> {
        let store = &self.store().0;
        let max_age = microseconds(store.config.pending_ttl.get())
            .saturating_add(microseconds(store.config.processing_ttl.get()));
        let found: Vec<Upload> = sql(concat!(
            "SELECT ",
            upload_columns!(),
            " FROM uploads WHERE status IN ('uploaded', 'scanning', 'processing') AND created_us <= {now_us} - ? AND claimed_until_us <= {now_us} LIMIT ?"
        ))
        .bind(max_age)
        .bind(PAGE_SIZE)
        .fetch_all(&store.database)
        .await?;
        let mut page = Page::of(&found);
        for upload in found {
            page.record(upload.id, self.reject(&upload, &UploadError::Overdue).await);
        }
        Ok(page.has_more())
    }

    /// Fails uploads whose content has a wrong size and that the client does not complete.
    async fn check_signed(&self) -> Result<bool, UploadError> {
        let store = &self.store().0;
        let found: Vec<Upload> = sql(concat!(
            "SELECT ",
            upload_columns!(),
            " FROM uploads WHERE status = 'pending' AND parts IS NULL AND changed_us <= {now_us} - ? LIMIT ?"
        ))
        .bind(microseconds(store.config.url_ttl.get()) + microseconds(GRACE.get()))
        .bind(PAGE_SIZE)
        .fetch_all(&store.database)
        .await?;
        let mut page = Page::of(&found);
        for upload in found {
            page.record(upload.id, self.check_signed_one(&upload).await);
        }
        Ok(page.has_more())
    }

    async fn check_signed_one(&self, upload: &Upload) -> Result<(), UploadError> {
        let store = &self.store().0;
        match store.incoming.head(&keys::content(upload.id)?).await {
            Err(StorageError::NotFound(_)) => {}
            meta => {
                if let Some(rejection) = self.rejection(upload, meta?.size) {
                    return self.reject(upload, &rejection).await;
                }
            }
        }
        // The next check follows after the same time, because the client may have another URL.
        sql("UPDATE uploads SET changed_us = {now_us} WHERE id = ? AND status = 'pending'")
            .bind(upload.id)
            .execute(&store.database)
            .await?;
        Ok(())
    }

    async fn expire_pending(&self) -> Result<bool, UploadError> {
        let store = &self.store().0;
        let found: Vec<Upload> = sql(concat!(
            "SELECT ",
            upload_columns!(),
            " FROM uploads WHERE status = 'pending' AND (created_us <= {now_us} - ? OR (created_us <= {now_us} - ? AND (owner_id = 'anonymous' OR owner_id LIKE 'anonymous:%'))) AND claimed_until_us <= {now_us} LIMIT ?"
        ))
        .bind(microseconds(store.config.pending_ttl.get()))
        .bind(microseconds(ANONYMOUS_PENDING_TTL.get()))
        .bind(PAGE_SIZE)
        .fetch_all(&store.database)
        .await?;
        let mut page = Page::of(&found);
        for upload in found {
            page.record(upload.id, self.expire(&upload).await);
        }
        Ok(page.has_more())
    }

    async fn expire(&self, upload: &Upload) -> Result<(), UploadError> {
        let store = &self.store().0;
        let expired = sql("UPDATE uploads SET status = 'expired', reserved_bytes = ?, changed_us = {now_us} WHERE id = ? AND status = 'pending' AND claimed_until_us <= {now_us}")
                .bind(signed(MIN_RESERVED))
                .bind(upload.id)
                .execute(&store.database)
                .await?;
        if expired.rows_affected() > 0 {
            store.metrics.expired.add(1);
            clean::remove_content(store, upload).await?;
        }
        Ok(())
    }

    /// Removes the content of final uploads after their URL has expired, because a client may have
    /// used the URL again.
    async fn remove_content(&self) -> Result<bool, UploadError> {
        let store = &self.store().0;
        let found: Vec<Upload> = sql(concat!(
            "SELECT ",
            upload_columns!(),
            " FROM uploads WHERE status IN ('ready', 'failed', 'expired') AND has_object = TRUE AND changed_us <= {now_us} - ? LIMIT ?"
        ))
        .bind(microseconds(store.config.url_ttl.get()) + microseconds(GRACE.get()))
        .bind(PAGE_SIZE)
        .fetch_all(&store.database)
        .await?;
        let mut page = Page::of(&found);
        for upload in found {
            page.record(upload.id, self.remove_content_of(&upload).await);
        }
        Ok(page.has_more())
    }

    async fn remove_content_of(&self, upload: &Upload) -> Result<(), UploadError> {
        let store = &self.store().0;
        clean::remove_content(store, upload).await?;
        sql("UPDATE uploads SET has_object = FALSE, parts = NULL WHERE id = ?")
            .bind(upload.id)
            .execute(&store.database)
            .await?;
        Ok(())
    }

    async fn delete_failed(&self) -> Result<bool, UploadError> {
        let store = &self.store().0;
        let found: Vec<(Uuid,)> = sql("SELECT id FROM uploads WHERE status IN ('failed', 'expired') AND changed_us <= {now_us} - ? LIMIT ?")
            .bind(microseconds(store.config.failed_retention.get()))
            .bind(PAGE_SIZE)
            .fetch_all(&store.database)
            .await?;
        let mut page = Page::of(&found);
        for (id,) in found {
            page.record(id, self.store().mark_deleted(id).await);
        }
        Ok(page.has_more())
    }

    /// Removes the objects once more, because a client or a worker may have stored some since the
    /// deletion, and then the row.
    async fn remove_deleted(&self) -> Result<bool, UploadError> {
        let store = &self.store().0;
        let max_ttl = store.config.url_ttl.max(store.config.process_timeout);
        let found: Vec<Upload> = sql(concat!(
            "SELECT ",
            upload_columns!(),
            " FROM uploads WHERE status = 'deleted' AND changed_us <= {now_us} - ? LIMIT ?"
        ))
        .bind(microseconds(max_ttl.get()) + microseconds(GRACE.get()))
        .bind(PAGE_SIZE)
        .fetch_all(&store.database)
        .await?;
        let mut page = Page::of(&found);
        for upload in found {
            page.record(upload.id, self.remove_deleted_one(&upload).await);
        }
        Ok(page.has_more())
    }

    async fn remove_deleted_one(&self, upload: &Upload) -> Result<(), UploadError> {
        let store = &self.store().0;
        clean::remove_objects(store, upload).await?;
        sql("DELETE FROM uploads WHERE id = ? AND status = 'deleted'")
            .bind(upload.id)
            .execute(&store.database)
            .await?;
        Ok(())
    }
}

/// The outcome of a page. If one upload fails, the sweeper continues with the others.
struct Page {
    is_full: bool,
    has_failed: bool,
}

impl Page {
    fn of<T>(found: &[T]) -> Self {
        Self {
            is_full: u32::try_from(found.len()).is_ok_and(|count| count >= PAGE_SIZE),
            has_failed: false,
        }
    }

    fn record(&mut self, id: Uuid, outcome: Result<(), UploadError>) {
        if let Err(error) = outcome {
            self.has_failed = true;
            let error = error_chain(&error);
            tracing::warn!(%id, error, "the sweeper failed for an upload and retries it later");
        }
    }

    /// Returns whether the next step runs immediately. After a failure, it waits for the interval.
    fn has_more(&self) -> bool {
        self.is_full && !self.has_failed
    }
}
