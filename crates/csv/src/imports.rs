use std::{fmt, sync::Arc};

use seaworthy_config::Settings;
use seaworthy_data::Database;
use seaworthy_service::Assembly;
use seaworthy_telemetry::metrics::Metrics;
use uuid::Uuid;

use crate::{
    BadRow, CsvImport, CsvWriter, ImportConfig, ImportError, ImportRows, ImportStatus,
    metrics::ImportMetrics, run, store, sweep,
};

/// Imports of one kind. Clones share them.
pub struct Imports<R>(pub(crate) Arc<Inner<R>>);

pub(crate) struct Inner<R> {
    pub(crate) rows: R,
    pub(crate) database: Database,
    pub(crate) config: ImportConfig,
    pub(crate) metrics: ImportMetrics,
}

impl<R: ImportRows> Imports<R> {
    /// Starts the imports of a service and their workers. They may run on every replica. Add
    /// [`MIGRATIONS`](crate::MIGRATIONS) to the migrations of the database.
    #[must_use]
    pub fn start<C: Settings>(
        service: &Assembly<C>,
        database: &Database,
        config: &ImportConfig,
        rows: R,
    ) -> Self {
        let imports = Self::new(database, config, rows, service.metrics());
        service.worker(run::worker(&imports));
        service.worker(sweep::worker(&imports));
        imports
    }

    /// Creates imports without workers, for tools and tests. They call [`step`](Self::step).
    #[must_use]
    pub fn new(database: &Database, config: &ImportConfig, rows: R, metrics: &Metrics) -> Self {
        Self(Arc::new(Inner {
            rows,
            database: database.clone(),
            config: config.clone(),
            metrics: ImportMetrics::new(metrics, R::KIND),
        }))
    }

    /// Returns the settings.
    #[must_use]
    pub fn config(&self) -> &ImportConfig {
        &self.0.config
    }

    /// Returns an import of this owner.
    ///
    /// # Errors
    /// [`ImportError::NotFound`], or a failure of the database.
    pub async fn find(&self, id: Uuid, owner: &str) -> Result<CsvImport, ImportError> {
        store::find(&self.0.database, R::KIND, id, owner).await
    }

    /// Returns the latest imports of an owner, at most 50.
    ///
    /// # Errors
    /// A failure of the database.
    pub async fn list(&self, owner: &str) -> Result<Vec<CsvImport>, ImportError> {
        store::list(&self.0.database, R::KIND, owner).await
    }

    /// Returns all bad rows of an import, in the order of the file.
    ///
    /// # Errors
    /// [`ImportError::NotFound`], or a failure of the database.
    pub async fn report(&self, id: Uuid, owner: &str) -> Result<Vec<BadRow>, ImportError> {
        self.find(id, owner).await?;
        let max = self.0.config.file.max_bad_rows.get();
        Ok(store::bad_rows(&self.0.database, id, max).await?)
    }

    /// Returns all bad rows as CSV.
    ///
    /// # Errors
    /// As for [`report`](Self::report).
    pub async fn report_csv(&self, id: Uuid, owner: &str) -> Result<bytes::Bytes, ImportError> {
        Ok(CsvWriter::report(&self.report(id, owner).await?))
    }

    /// Confirms a checked import, whose rows a worker then stores. A repeated call has no effect.
    ///
    /// # Errors
    /// [`ImportError::NotFound`], [`ImportError::Status`], or a failure of the database.
    pub async fn confirm(&self, id: Uuid, owner: &str) -> Result<CsvImport, ImportError> {
        self.confirm_with(id, owner, None).await
    }

    /// Confirms a checked import like [`confirm`](Self::confirm), with a new
    /// [context](crate::NewImport::context), such as the current role of the owner.
    ///
    /// # Errors
    /// As for [`confirm`](Self::confirm).
    pub async fn confirm_in_context(
        &self,
        id: Uuid,
        owner: &str,
        context: &str,
    ) -> Result<CsvImport, ImportError> {
        self.confirm_with(id, owner, Some(context)).await
    }

    async fn confirm_with(
        &self,
        id: Uuid,
        owner: &str,
        context: Option<&str>,
    ) -> Result<CsvImport, ImportError> {
        let import = self.find(id, owner).await?;
        store::confirm(&self.0.database, id, context).await?;
        let import = match import.status {
            ImportStatus::Storing | ImportStatus::Done => return Ok(import),
            _ => self.find(id, owner).await?,
        };
        match import.status {
            ImportStatus::Storing | ImportStatus::Done => Ok(import),
            status => Err(ImportError::Status(status)),
        }
    }

    /// Cancels an import. The rows of complete batches stay stored, until [`undo`](Self::undo).
    ///
    /// # Errors
    /// [`ImportError::NotFound`], [`ImportError::Status`] if it has ended, or a failure of the
    /// database.
    pub async fn cancel(&self, id: Uuid, owner: &str) -> Result<CsvImport, ImportError> {
        self.find(id, owner).await?;
        store::cancel(&self.0.database, id).await?;
        let import = self.find(id, owner).await?;
        match import.status {
            ImportStatus::Canceled => Ok(import),
            status => Err(ImportError::Status(status)),
        }
    }

    /// Requests that a worker removes the rows of an ended import.
    ///
    /// # Errors
    /// [`ImportError::NotFound`], [`ImportError::NoUndo`], [`ImportError::Status`] if it has not
    /// ended or has no rows, or a failure of the database.
    pub async fn undo(&self, id: Uuid, owner: &str) -> Result<CsvImport, ImportError> {
        if !R::CAN_UNDO {
            return Err(ImportError::NoUndo);
        }
        self.find(id, owner).await?;
        store::undo(&self.0.database, id).await?;
        let import = self.find(id, owner).await?;
        match import.status {
            ImportStatus::Undoing | ImportStatus::Undone => Ok(import),
            status => Err(ImportError::Status(status)),
        }
    }
}

impl<R> Clone for Imports<R> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<R> fmt::Debug for Imports<R> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Imports")
            .field("database", &self.0.database)
            .finish_non_exhaustive()
    }
}
