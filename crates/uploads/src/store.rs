use std::sync::Arc;

use seaworthy_data::{Connection, Database, sql};
use seaworthy_storage::Storage;
use seaworthy_telemetry::metrics::Metrics;
use uuid::Uuid;

use crate::{
    Upload, UploadError, UploadsConfig, clean,
    create::{MIN_RESERVED, signed},
    metrics::UploadMetrics,
    upload::upload_columns,
};

/// Maximum number of uploads of one owner that one statement reads.
const PAGE_SIZE: u32 = 100;

/// The rows and the objects of uploads. Clones share them.
#[derive(Debug, Clone)]
pub struct UploadStore(pub(crate) Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) database: Database,
    /// Content from clients.
    pub(crate) incoming: Storage,
    /// Results of processing.
    pub(crate) results: Storage,
    pub(crate) config: UploadsConfig,
    pub(crate) metrics: UploadMetrics,
}

impl UploadStore {
    /// Creates a store. Clients write to `incoming`, and processing writes to `results`. Both may
    /// be one storage. Add [`MIGRATIONS`](crate::MIGRATIONS) to the migrations of the database.
    #[must_use]
    pub fn new(
        database: Database,
        incoming: Storage,
        results: Storage,
        config: &UploadsConfig,
        metrics: &Metrics,
    ) -> Self {
        Self(Arc::new(Inner {
            database,
            incoming,
            results,
            config: config.clone(),
            metrics: UploadMetrics::new(metrics),
        }))
    }

    /// Returns the settings.
    #[must_use]
    pub fn config(&self) -> &UploadsConfig {
        &self.0.config
    }

    /// Returns the storage of results.
    #[must_use]
    pub fn results(&self) -> &Storage {
        &self.0.results
    }

    /// Returns an upload.
    ///
    /// # Errors
    /// [`UploadError::NotFound`], or a failure of the database.
    pub async fn find(&self, id: Uuid) -> Result<Upload, UploadError> {
        find(&self.0.database, id).await
    }

    /// Returns an upload of this owner.
    ///
    /// # Errors
    /// [`UploadError::NotFound`], [`UploadError::Forbidden`], or a failure of the database.
    pub async fn find_for_owner(&self, id: Uuid, owner: &str) -> Result<Upload, UploadError> {
        let upload = self.find(id).await?;
        match upload.owner == owner {
            true => Ok(upload),
            false => Err(UploadError::Forbidden),
        }
    }

    /// Deletes an upload, its content and its results. Succeeds if it does not exist. The sweeper
    /// deletes objects that a client or a worker stores at the same time.
    ///
    /// # Errors
    /// A failure of the database or the storage. The sweeper completes the deletion.
    pub async fn delete(&self, id: Uuid) -> Result<(), UploadError> {
        let upload = match self.find(id).await {
            Err(UploadError::NotFound) => return Ok(()),
            found => found?,
        };
        self.mark_deleted(id).await?;
        clean::remove_objects(&self.0, &upload).await
    }

    /// Deletes all uploads of an owner.
    ///
    /// # Errors
    /// As for [`delete`](Self::delete).
    pub async fn delete_for_owner(&self, owner: &str) -> Result<(), UploadError> {
        loop {
            let ids: Vec<(Uuid,)> =
                sql("SELECT id FROM uploads WHERE owner_id = ? AND status <> 'deleted' LIMIT ?")
                    .bind(owner)
                    .bind(PAGE_SIZE)
                    .fetch_all(&self.0.database)
                    .await?;
            for (id,) in &ids {
                self.delete(*id).await?;
            }
            if ids.is_empty() {
                return Ok(());
            }
        }
    }

    pub(crate) async fn mark_deleted(&self, id: Uuid) -> Result<(), UploadError> {
        sql("UPDATE uploads SET status = 'deleted', reserved_bytes = 0, claimed_by = NULL, claimed_until_us = 0, changed_us = {now_us} WHERE id = ? AND status <> 'deleted'")
            .bind(id)
            .execute(&self.0.database)
            .await?;
        Ok(())
    }

    /// Sets the status `failed`, unless the status is final. A worker passes its claim.
    pub(crate) async fn fail(
        &self,
        id: Uuid,
        claim: Option<Uuid>,
        reason: &str,
        message: &str,
    ) -> Result<bool, UploadError> {
        let failed = sql("UPDATE uploads SET status = 'failed', failure_reason = ?, failure_text = ?, reserved_bytes = ?, claimed_by = NULL, claimed_until_us = 0, changed_us = {now_us} WHERE id = ? AND status IN ('pending', 'uploaded', 'scanning', 'processing') AND (claimed_by = ? OR ? = 0)")
            .bind(reason)
            .bind(message)
            .bind(signed(MIN_RESERVED))
            .bind(id)
            .bind(claim.unwrap_or_default())
            .bind(i32::from(claim.is_some()))
            .execute(&self.0.database)
            .await?;
        let has_changed = failed.rows_affected() > 0;
        if has_changed {
            self.0.metrics.failed.add(1);
            tracing::info!(%id, reason, "an upload failed");
        }
        Ok(has_changed)
    }
}

pub(crate) async fn find(connection: &dyn Connection, id: Uuid) -> Result<Upload, UploadError> {
    let found = sql(concat!(
        "SELECT ",
        upload_columns!(),
        " FROM uploads WHERE id = ? AND status <> 'deleted'"
    ))
    .bind(id)
    .fetch_optional(connection)
    .await?;
    found.ok_or(UploadError::NotFound)
}
