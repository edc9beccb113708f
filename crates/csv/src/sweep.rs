//! Deletes old imports, and cancels those that their owner abandoned.

use seaworthy_core::{Error, Timeout};
use seaworthy_data::{microseconds, sql};
use seaworthy_service::{Schedule, Worker};
use uuid::Uuid;

use crate::{ImportError, ImportRows, Imports, owners, store};

/// The interval of the sweeper. A step is cheap, because it reads an index.
const INTERVAL: Timeout = Timeout::from_secs(60);
/// Maximum number of imports of one step.
const PAGE_SIZE: u32 = 50;
/// Maximum time between two pieces of a file. After it, the request has ended.
const RECEIVE_TIMEOUT: Timeout = Timeout::from_secs(10 * 60);

pub(crate) fn worker<R: ImportRows>(imports: &Imports<R>) -> Worker {
    let imports = imports.clone();
    let name = format!("sweep imports of {}", R::KIND);
    Worker::in_batches(name, Schedule::Interval(INTERVAL), move || {
        let imports = imports.clone();
        async move { Ok::<_, Error>(imports.sweep().await?) }
    })
}

impl<R: ImportRows> Imports<R> {
    /// Runs one step of the sweeper. Returns whether there may be more to do. The sweeper calls it
    /// every minute, so call it only in tests.
    ///
    /// # Errors
    /// A failure of the database.
    pub async fn sweep(&self) -> Result<bool, ImportError> {
        let inner = &*self.0;
        let left = sql(
            "SELECT id FROM csv_imports WHERE kind = ? AND status = 'checked' AND changed_us <= {now_us} - ? LIMIT ?",
        );
        let left: Vec<(Uuid,)> = left
            .bind(R::KIND)
            .bind(microseconds(inner.config.pending_ttl.get()))
            .bind(PAGE_SIZE)
            .fetch_all(&inner.database)
            .await?;
        for (id,) in &left {
            store::cancel(&inner.database, *id).await?;
        }
        let old = sql(
            "SELECT id FROM csv_imports WHERE kind = ? AND ((status = 'receiving' AND changed_us <= {now_us} - ?) OR (status IN ('done', 'failed', 'canceled', 'undone') AND changed_us <= {now_us} - ?)) LIMIT ?",
        );
        let old: Vec<(Uuid,)> = old
            .bind(R::KIND)
            .bind(microseconds(RECEIVE_TIMEOUT.get()))
            .bind(microseconds(inner.config.retention.get()))
            .bind(PAGE_SIZE)
            .fetch_all(&inner.database)
            .await?;
        for (id,) in &old {
            store::delete(&inner.database, *id).await?;
        }
        let left_owners = owners::purge(&inner.database, R::KIND, PAGE_SIZE).await?;
        let page = PAGE_SIZE as usize;
        Ok(left.len() == page || old.len() == page || left_owners == page)
    }
}
