use std::{fmt, sync::Arc, time::Duration};

use seaworthy_core::Timeout;
use seaworthy_data::{DataError, microseconds, sql};
use seaworthy_messaging::Failure;
use serde_json::Value;
use tokio::time::timeout;
use uuid::Uuid;

use crate::{
    Clamd, IncomingUpload, ProcessError, ProcessUpload, ScanError, ScanUpload, Upload, UploadError,
    UploadStatus, UploadStore, Verdict, clean, process::ProcessBoxed, scan::ScanBoxed,
};

/// A claim is longer than the work timeout, so two workers never write results simultaneously.
const CLAIM_MARGIN: Timeout = Timeout::from_secs(30);

/// Scans and processes uploads. Clones share it.
#[derive(Clone)]
pub struct UploadWorker(Arc<Inner>);

struct Inner {
    store: UploadStore,
    scanner: Option<Box<dyn ScanBoxed>>,
    processor: Box<dyn ProcessBoxed>,
}

impl UploadWorker {
    /// Creates a worker without a scanner.
    #[must_use]
    pub fn new(store: &UploadStore, processor: impl ProcessUpload) -> Self {
        Self::with_scanner(store, None::<Clamd>, processor)
    }

    /// Creates a worker that scans uploads before it processes them. While the scanner fails,
    /// uploads stay `scanning`, and the worker does not process them.
    #[must_use]
    pub fn with_scanner(
        store: &UploadStore,
        scanner: Option<impl ScanUpload>,
        processor: impl ProcessUpload,
    ) -> Self {
        Self(Arc::new(Inner {
            store: store.clone(),
            scanner: scanner.map(|scanner| Box::new(scanner) as Box<dyn ScanBoxed>),
            processor: Box::new(processor),
        }))
    }

    /// Processes an upload once. Call it for each message of
    /// [`Uploads::start`](crate::Uploads::start). A repeated message has no effect.
    ///
    /// # Errors
    /// A [`Failure`] to retry, while a dependency fails or another worker processes the upload.
    pub async fn process(&self, id: Uuid) -> Result<(), Failure> {
        self.try_process(id).await.map_err(|error| match error {
            Stop::Claimed(left) => {
                Failure::delay(left, "another worker processes the upload").with_class("CLAIMED")
            }
            Stop::Failed(error) => Failure::retry(error).with_class("UPLOAD_NOT_PROCESSED"),
        })
    }

    async fn try_process(&self, id: Uuid) -> Result<(), Stop> {
        let store = &self.0.store;
        let Some((upload, claim)) = self.claim(id).await? else {
            return Ok(());
        };
        if upload.attempts > store.config().max_attempts.get() {
            let text = "processing failed repeatedly: upload another file";
            let failed = store.fail(id, Some(claim), "TOO_MANY_ATTEMPTS", text);
            if failed.await? {
                clean::remove_objects(&store.0, &upload).await?;
            }
            return Ok(());
        }
        let steps = self.steps(&upload, claim);
        match timeout(store.config().process_timeout.get(), steps).await {
            Ok(Ok(details)) => self.finish(&upload, claim, &details).await,
            Ok(Err(AttemptError::Process(ProcessError::Rejected { reason, message }))) => {
                // Without its claim, this worker must not remove objects of the upload.
                if !store.fail(id, Some(claim), &reason, &message).await? {
                    return Ok(());
                }
                let upload = match store.find(id).await {
                    Err(UploadError::NotFound) => return Ok(()),
                    found => found?,
                };
                clean::remove_objects(&store.0, &upload).await?;
                Ok(())
            }
            // A failure of a dependency does not count as an attempt.
            Ok(Err(AttemptError::Process(ProcessError::Failed(error)))) => {
                self.release(id, claim, 1).await?;
                Err(Stop::Failed(error))
            }
            Ok(Err(AttemptError::Content(error))) => {
                self.release(id, claim, 0).await?;
                Err(Stop::Failed(error.into()))
            }
            // The attempt counts, because the content may be the cause.
            Err(_) => Err(Stop::Failed("processing exceeded `process_timeout`".into())),
        }
    }

    /// Claims an upload. Returns `None` if there is nothing to process.
    async fn claim(&self, id: Uuid) -> Result<Option<(Upload, Uuid)>, Stop> {
        let store = &self.0.store;
        let claim = seaworthy_core::new_id();
        let ttl =
            microseconds(store.config().process_timeout.get()) + microseconds(CLAIM_MARGIN.get());
        let claimed = sql("UPDATE uploads SET status = 'scanning', attempts = attempts + 1, claimed_by = ?, claimed_until_us = {now_us} + ?, changed_us = {now_us} WHERE id = ? AND status IN ('uploaded', 'scanning', 'processing') AND claimed_until_us <= {now_us}")
            .bind(claim)
            .bind(ttl)
            .bind(id)
            .execute(&store.0.database)
            .await?;
        let upload = match store.find(id).await {
            Err(UploadError::NotFound) => return Ok(None),
            found => found?,
        };
        if claimed.rows_affected() > 0 {
            return Ok(Some((upload, claim)));
        }
        if upload.status.is_final() || upload.status == UploadStatus::Pending {
            return Ok(None);
        }
        let left: Option<(i64,)> =
            sql("SELECT claimed_until_us - {now_us} FROM uploads WHERE id = ?")
                .bind(id)
                .fetch_optional(&store.0.database)
                .await?;
        let left = left.map_or(0, |(left,)| left);
        let left = Duration::from_micros(u64::try_from(left).unwrap_or_default());
        Err(Stop::Claimed(left))
    }

    async fn steps(&self, upload: &Upload, claim: Uuid) -> Result<Value, AttemptError> {
        let store = &self.0.store.0;
        let incoming = IncomingUpload { upload, store };
        if let Some(scanner) = &self.0.scanner {
            let object = incoming.open().await?;
            match scanner.scan(object).await? {
                Verdict::Clean => {}
                Verdict::Infected(name) => {
                    tracing::warn!(id = %upload.id, signature = name, "an upload contains malware");
                    let text = "the file contains malware";
                    return Err(ProcessError::rejected("MALWARE", text).into());
                }
                Verdict::TooLarge => {
                    let text = "the file is larger than the scanner accepts";
                    return Err(ProcessError::rejected("TOO_LARGE_TO_SCAN", text).into());
                }
            }
        }
        let results = self.0.processor.results(upload);
        let results = results.map_err(ProcessError::failed)?;
        let text = serde_json::to_string(&results).map_err(ProcessError::failed)?;
        let moved = sql("UPDATE uploads SET status = 'processing', results = ?, changed_us = {now_us} WHERE id = ? AND claimed_by = ? AND status = 'scanning'")
            .bind(text)
            .bind(upload.id)
            .bind(claim)
            .execute(&store.database)
            .await
            .map_err(ProcessError::failed)?;
        if moved.rows_affected() == 0 {
            return Err(ProcessError::failed("the upload was deleted during processing").into());
        }
        let processed = Upload {
            results,
            ..upload.clone()
        };
        let incoming = IncomingUpload {
            upload: &processed,
            store,
        };
        Ok(self.0.processor.process(incoming).await?)
    }

    async fn finish(&self, upload: &Upload, claim: Uuid, details: &Value) -> Result<(), Stop> {
        let store = &self.0.store;
        let moved = sql("UPDATE uploads SET status = 'ready', details = ?, claimed_by = NULL, claimed_until_us = 0, changed_us = {now_us} WHERE id = ? AND claimed_by = ? AND status = 'processing'")
            .bind(details.to_string())
            .bind(upload.id)
            .bind(claim)
            .execute(&store.0.database)
            .await?;
        // Otherwise another worker has the claim, or the upload was deleted and the sweeper removes
        // its objects.
        if moved.rows_affected() > 0 {
            store.0.metrics.ready.add(1);
            clean::remove_content(&store.0, upload).await?;
        }
        Ok(())
    }

    /// Ends a claim, and subtracts a number of attempts.
    async fn release(&self, id: Uuid, claim: Uuid, attempts: i32) -> Result<(), UploadError> {
        sql("UPDATE uploads SET claimed_by = NULL, claimed_until_us = 0, attempts = attempts - ?, status = 'scanning', changed_us = {now_us} WHERE id = ? AND claimed_by = ? AND status IN ('scanning', 'processing')")
            .bind(attempts)
            .bind(id)
            .bind(claim)
            .execute(&self.0.store.0.database)
            .await?;
        Ok(())
    }
}

enum AttemptError {
    Process(ProcessError),
    /// The scanner failed, and this content may be the cause.
    Content(ScanError),
}

impl From<ProcessError> for AttemptError {
    fn from(error: ProcessError) -> Self {
        Self::Process(error)
    }
}

impl From<ScanError> for AttemptError {
    fn from(error: ScanError) -> Self {
        match error {
            ScanError::TimedOut | ScanError::InvalidResponse(_) => Self::Content(error),
            error => Self::Process(ProcessError::failed(error)),
        }
    }
}

/// The reason why an attempt has no result.
enum Stop {
    Claimed(Duration),
    Failed(Box<dyn std::error::Error + Send + Sync>),
}

impl From<UploadError> for Stop {
    fn from(error: UploadError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<DataError> for Stop {
    fn from(error: DataError) -> Self {
        Self::Failed(error.into())
    }
}

impl fmt::Debug for UploadWorker {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("UploadWorker")
            .field("store", &self.0.store)
            .field("has_scanner", &self.0.scanner.is_some())
            .finish_non_exhaustive()
    }
}
