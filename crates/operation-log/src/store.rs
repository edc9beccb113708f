//! The statements that store a call.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use seaworthy_core::{RequestContext, context, error_chain, new_id};
use seaworthy_data::{Connection, DataError, sql, truncated};
use tokio::{runtime::Handle, sync::Mutex};

use crate::{
    OperationLog,
    outcome::{OK, UNKNOWN},
    record::{CallEnd, CallStart},
    running_call::Change,
};

/// The name of the task that stores the end of a call.
const STORE_END: &str = "store the end of a call";
const STORE_OPERATION: &str = "store an operation";

/// An entry of the log. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Entry(Arc<State>);

struct State {
    id: parking_lot::Mutex<String>,
    request_id: String,
    /// The last change that the handler has recorded, until it is stored.
    change: parking_lot::Mutex<Option<Change>>,
    /// The start of the call until it is stored. Each write of the entry holds the lock, so that
    /// the last change is written last.
    missing: Mutex<Option<CallStart>>,
    /// Whether the entry is counted as incomplete.
    is_counted: AtomicBool,
}

impl Entry {
    pub(crate) fn new(log: &OperationLog, start: CallStart) -> Self {
        Self(Arc::new(State {
            id: parking_lot::Mutex::new(log.generate_id()),
            request_id: start.request_id.clone(),
            change: parking_lot::Mutex::new(None),
            is_counted: AtomicBool::new(false),
            missing: Mutex::new(Some(start)),
        }))
    }

    pub(crate) fn id(&self) -> String {
        self.0.id.lock().clone()
    }

    /// Sets the change that the next write stores.
    pub(crate) fn set_change(&self, change: Change) {
        *self.0.change.lock() = Some(change);
    }

    /// Whether a change is not stored.
    pub(crate) fn has_change(&self) -> bool {
        self.0.change.lock().is_some()
    }
}

impl OperationLog {
    /// Stores the start of a call. If it fails or is dropped, the end of the call stores both.
    pub(crate) async fn store_start(&self, entry: &Entry) {
        let mut missing = entry.0.missing.lock().await;
        let Some(start) = &*missing else {
            return;
        };
        let mut id = entry.id();
        let end = CallEnd::default();
        let stored = self.insert(&mut id, start, &end, None).await;
        *entry.0.id.lock() = id;
        if report(stored).is_ok() {
            *missing = None;
        }
    }

    /// Stores an operation that has ended, in a task like `store_end`.
    pub(crate) async fn store_operation(&self, start: CallStart, context: &RequestContext) {
        let store = self.clone().insert_operation(start);
        let store = context::scope(context.without_deadline().into(), store);
        let _ = self.tasks().spawn(STORE_OPERATION, store).await;
    }

    async fn insert_operation(self, start: CallStart) {
        let end = CallEnd {
            result: Some(OK.to_owned()),
            duration_ms: Some(0),
            ..CallEnd::default()
        };
        let mut id = self.generate_id();
        let stored = self.insert(&mut id, &start, &end, None).await;
        if report(stored).is_err() {
            self.count_dropped();
        }
    }

    /// Inserts an entry. If another one has its ID, it gets a new one.
    async fn insert(
        &self,
        id: &mut String,
        start: &CallStart,
        end: &CallEnd,
        change: Option<&Change>,
    ) -> Result<(), DataError> {
        let stored = self.insert_as(id, start, end, change).await;
        if stored.as_ref().is_err_and(DataError::is_unique_violation) {
            tracing::error!("two replicas use the same operation_log.node: set another one");
            *id = new_id().to_string();
            return self.insert_as(id, start, end, change).await;
        }
        stored
    }

    async fn insert_as(
        &self,
        id: &str,
        start: &CallStart,
        end: &CallEnd,
        change: Option<&Change>,
    ) -> Result<(), DataError> {
        let duration_us = end.duration_ms.unwrap_or_default().saturating_mul(1_000);
        let result = end.result.as_deref().unwrap_or(UNKNOWN);
        sql("INSERT INTO operation_logs (id, created_us, user_id, method, operation, target, path, content, old_value, new_value, status, result, duration_ms, request_id, trace_id, client_ip)
             VALUES (?, {now_us} - ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
            .bind(id)
            .bind(duration_us)
            .bind(user(end, change).or(start.user.as_deref()).map(truncated))
            .bind(truncated(&start.method))
            .bind(truncated(&start.operation))
            .bind(truncated(&start.target))
            .bind(start.path.clone())
            .bind(start.content.clone().or_else(|| end.content.clone()))
            .bind(change.and_then(|change| change.before.clone()))
            .bind(change.and_then(|change| change.after.clone()))
            .bind(end.status)
            .bind(truncated(result))
            .bind(end.duration_ms)
            .bind(start.request_id.clone())
            .bind(start.trace_id.clone())
            .bind(start.client_ip.clone())
            .execute(self.database())
            .await
            .map(drop)
    }

    /// Stores the user of a call in the transaction of its change.
    pub(crate) async fn store_user(
        &self,
        connection: &dyn Connection,
        entry: &Entry,
        user: &str,
    ) -> Result<(), DataError> {
        sql("UPDATE operation_logs SET user_id = ? WHERE id = ?")
            .bind(truncated(user))
            .bind(entry.id())
            .execute(connection)
            .await
            .map(drop)
    }

    /// Stores the end of a call in a task, so that a client that closes its connection meanwhile
    /// does not stop it. A stop waits for the task. The deadline of the request does not apply. The
    /// change and the status of a stream may be stored in any order.
    pub(crate) async fn store_end(&self, entry: &Entry, end: CallEnd, context: &RequestContext) {
        let store = self.clone().update_entry(entry.clone(), end);
        let store = context::scope(context.without_deadline().into(), store);
        let _ = self.tasks().spawn(STORE_END, store).await;
    }

    /// Stores the end of a call in a task in a new context. It has no effect without a runtime.
    pub(crate) fn spawn_store_end(&self, entry: &Entry, end: CallEnd) {
        if Handle::try_current().is_ok() {
            let store = self.clone().update_entry(entry.clone(), end);
            drop(self.tasks().spawn_in_new_context(STORE_END, store));
        }
    }

    async fn update_entry(self, entry: Entry, end: CallEnd) {
        let mut missing = entry.0.missing.lock().await;
        let change = entry.0.change.lock().take();
        let stored = self
            .write_end(&entry, &mut missing, &end, change.as_ref())
            .await;
        let Err(error) = stored else {
            return;
        };
        // A later write stores the change, unless the handler has replaced it.
        if let Some(change) = change {
            entry.0.change.lock().get_or_insert(change);
        }
        if !entry.0.is_counted.swap(true, Ordering::Relaxed) {
            self.count_dropped();
        }
        let error = error_chain(&error);
        tracing::error!(
            error,
            "the operation log could not store the result of a call"
        );
    }

    /// Inserts an entry whose start is missing. Updates it otherwise.
    async fn write_end(
        &self,
        entry: &Entry,
        missing: &mut Option<CallStart>,
        end: &CallEnd,
        change: Option<&Change>,
    ) -> Result<(), DataError> {
        let Some(start) = &*missing else {
            self.update(entry, end, change).await?;
            return Ok(());
        };
        let inserted = self.insert_as(&entry.id(), start, end, change).await;
        let exists = inserted.as_ref().is_err_and(DataError::is_unique_violation);
        if !exists {
            inserted?;
        } else if !self.update(entry, end, change).await? {
            // The start is not stored. Another entry has the ID.
            let mut id = entry.id();
            self.insert(&mut id, start, end, change).await?;
            *entry.0.id.lock() = id;
        }
        *missing = None;
        Ok(())
    }

    /// Updates an entry. Returns whether it exists.
    async fn update(
        &self,
        entry: &Entry,
        end: &CallEnd,
        change: Option<&Change>,
    ) -> Result<bool, DataError> {
        // Both values of a change are replaced, because one may be null.
        let has_change = i64::from(change.is_some());
        let updated = sql("UPDATE operation_logs SET user_id = COALESCE(?, user_id), content = COALESCE(content, ?), old_value = CASE WHEN ? = 1 THEN ? ELSE old_value END, new_value = CASE WHEN ? = 1 THEN ? ELSE new_value END, status = COALESCE(?, status), result = COALESCE(?, result), duration_ms = COALESCE(?, duration_ms) WHERE id = ? AND request_id = ?")
            .bind(user(end, change).map(truncated))
            .bind(end.content.clone())
            .bind(has_change)
            .bind(change.and_then(|change| change.before.clone()))
            .bind(has_change)
            .bind(change.and_then(|change| change.after.clone()))
            .bind(end.status)
            .bind(end.result.as_deref().map(truncated))
            .bind(end.duration_ms)
            .bind(entry.id())
            .bind(entry.0.request_id.clone())
            .execute(self.database())
            .await?;
        Ok(updated.rows_affected() > 0)
    }
}

/// Returns the user at the end of a call, else the one who made the change.
fn user<'a>(end: &'a CallEnd, change: Option<&'a Change>) -> Option<&'a str> {
    let changed_by = || change.and_then(|change| change.user.as_deref());
    end.user.as_deref().or_else(changed_by)
}

/// Logs an entry that could not be stored.
fn report(stored: Result<(), DataError>) -> Result<(), DataError> {
    stored.inspect_err(|error| {
        let error = error_chain(error);
        tracing::error!(error, "the operation log could not store a call");
    })
}
