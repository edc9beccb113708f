//! The statements that store a call.

use std::{mem, sync::Arc};

use seaworthy_core::{RequestContext, context, error_chain, new_id};
use seaworthy_data::{Connection, DataError, sql, truncated};
use seaworthy_telemetry::metrics::Counter;
use tokio::{runtime::Handle, sync::Mutex};

use crate::{
    OperationLog,
    outcome::UNKNOWN,
    record::{CallEnd, CallStart},
    running_call::Change,
};

/// The name of the task that stores the end of a call.
const STORE_END: &str = "store the end of a call";

/// An entry of the log. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Entry(Arc<State>);

struct State {
    id: parking_lot::Mutex<String>,
    request_id: String,
    unsaved: parking_lot::Mutex<Unsaved>,
    /// The start of the call until it is stored. Each write of the entry holds the lock, so that
    /// the last change is written last.
    start: Mutex<Option<CallStart>>,
    dropped: Counter,
}

/// The parts of an entry that the next write stores.
#[derive(Default)]
struct Unsaved {
    change: Option<Change>,
    end: Option<CallEnd>,
}

/// A write of an entry. If it fails or is dropped, the next one stores its parts.
struct Write<'a> {
    entry: &'a Entry,
    unsaved: Unsaved,
}

impl Entry {
    pub(crate) fn new(log: &OperationLog, start: CallStart) -> Self {
        Self(Arc::new(State {
            id: parking_lot::Mutex::new(log.generate_id()),
            request_id: start.request_id.clone(),
            unsaved: parking_lot::Mutex::default(),
            start: Mutex::new(Some(start)),
            dropped: log.dropped(),
        }))
    }

    pub(crate) fn id(&self) -> String {
        self.0.id.lock().clone()
    }

    /// Sets the change that the next write stores.
    pub(crate) fn set_change(&self, change: Change) {
        self.0.unsaved.lock().change = Some(change);
    }

    /// Whether a change is not stored.
    pub(crate) fn has_change(&self) -> bool {
        self.0.unsaved.lock().change.is_some()
    }

    /// Begins to write the parts that are not stored.
    fn write(&self) -> Write<'_> {
        let unsaved = mem::take(&mut *self.0.unsaved.lock());
        Write {
            entry: self,
            unsaved,
        }
    }
}

impl Unsaved {
    const fn is_empty(&self) -> bool {
        self.change.is_none() && self.end.is_none()
    }

    /// Adds later parts, which replace earlier ones.
    fn add(&mut self, later: Self) {
        self.change = later.change.or(self.change.take());
        self.end = match (self.end.take(), later.end) {
            (Some(earlier), Some(later)) => Some(earlier.followed_by(later)),
            (earlier, later) => later.or(earlier),
        };
    }

    fn user(&self) -> Option<&str> {
        let end = self.end.as_ref().and_then(|end| end.user.as_deref());
        // If the end has no user, the entry gets the user of the change.
        end.or_else(|| self.change.as_ref()?.user.as_deref())
    }
}

impl Write<'_> {
    fn finish(mut self) {
        self.unsaved = Unsaved::default();
    }
}

impl Drop for Write<'_> {
    fn drop(&mut self) {
        let mut unsaved = self.entry.0.unsaved.lock();
        let later = mem::replace(&mut *unsaved, mem::take(&mut self.unsaved));
        unsaved.add(later);
    }
}

impl Drop for State {
    /// Counts an entry if a part of it was never stored.
    fn drop(&mut self) {
        if self.start.get_mut().is_some() || !self.unsaved.get_mut().is_empty() {
            self.dropped.increment();
        }
    }
}

impl OperationLog {
    /// Stores the start of a call. If it fails or is dropped, the end of the call stores both.
    pub(crate) async fn store_start(&self, entry: &Entry) {
        let mut start = entry.0.start.lock().await;
        let Some(call) = &*start else {
            return;
        };
        match self.insert(entry, call, &Unsaved::default()).await {
            Ok(()) => *start = None,
            Err(error) => {
                let error = error_chain(&error);
                tracing::error!(error, "the operation log could not store a call");
            }
        }
    }

    /// Inserts an entry, or updates it if an earlier attempt has inserted it. If another entry has
    /// its ID, it gets a new one.
    async fn insert(
        &self,
        entry: &Entry,
        start: &CallStart,
        unsaved: &Unsaved,
    ) -> Result<(), DataError> {
        let inserted = self.insert_as(entry.id(), start, unsaved).await;
        let exists = inserted.as_ref().is_err_and(DataError::is_unique_violation);
        if !exists || self.update(entry, unsaved).await? {
            return if exists { Ok(()) } else { inserted };
        }
        tracing::error!("two replicas use the same operation_log.node: set another one");
        // The ID changes before the insert, so that a later write finds an entry that was stored
        // although the insert failed.
        let id = new_id().to_string();
        entry.0.id.lock().clone_from(&id);
        self.insert_as(id, start, unsaved).await
    }

    async fn insert_as(
        &self,
        id: String,
        start: &CallStart,
        unsaved: &Unsaved,
    ) -> Result<(), DataError> {
        let (change, end) = (unsaved.change.as_ref(), unsaved.end.as_ref());
        let duration_ms = end.and_then(|end| end.duration_ms);
        let duration_us = duration_ms.unwrap_or_default().saturating_mul(1_000);
        let result = end.and_then(|end| end.result.as_deref());
        let content = || end.and_then(|end| end.content.clone());
        sql("INSERT INTO operation_logs (id, created_us, user_id, method, operation, target, path, content, old_value, new_value, status, result, duration_ms, request_id, trace_id, client_ip)
             VALUES (?, {now_us} - ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
            .bind(id)
            .bind(duration_us)
            .bind(unsaved.user().or(start.user.as_deref()).map(truncated))
            .bind(truncated(&start.method))
            .bind(truncated(&start.operation))
            .bind(truncated(&start.target))
            .bind(start.path.clone())
            .bind(start.content.clone().or_else(content))
            .bind(change.and_then(|change| change.before.clone()))
            .bind(change.and_then(|change| change.after.clone()))
            .bind(end.and_then(|end| end.status))
            .bind(truncated(result.unwrap_or(UNKNOWN)))
            .bind(duration_ms)
            .bind(start.request_id.clone())
            .bind(start.trace_id.clone())
            .bind(start.client_ip.clone())
            .apply(self.database())
            .await
    }

    /// Stores the user of a call in the transaction of its change.
    pub(crate) async fn store_user(
        &self,
        connection: &dyn Connection,
        entry: &Entry,
        user: &str,
    ) -> Result<(), DataError> {
        sql("UPDATE operation_logs SET user_id = ? WHERE id = ? AND request_id = ?")
            .bind(truncated(user))
            .bind(entry.id())
            .bind(entry.0.request_id.clone())
            .apply(connection)
            .await
    }

    /// Stores the end of a call in a task, so that a client that closes its connection meanwhile
    /// does not stop it. A stop waits for the task. The deadline of the request does not apply. The
    /// change and the status of a stream may be stored in any order.
    pub(crate) async fn store_end(&self, entry: &Entry, end: CallEnd, context: &RequestContext) {
        let store = self.clone().write_end(entry.clone(), end);
        let store = context::scope(context.without_deadline().into(), store);
        let _ = self.tasks().spawn(STORE_END, store).await;
    }

    /// Stores the end of a call in a task in a new context. Without a runtime, the entry is counted
    /// as incomplete.
    pub(crate) fn spawn_store_end(&self, entry: &Entry, end: CallEnd) {
        let store = self.clone().write_end(entry.clone(), end);
        if Handle::try_current().is_ok() {
            drop(self.tasks().spawn_in_new_context(STORE_END, store));
        }
    }

    /// Writes an end and what earlier writes could not store. A write that is dropped before it
    /// begins keeps the end too.
    fn write_end(self, entry: Entry, end: CallEnd) -> impl Future<Output = ()> + Send + 'static {
        entry.0.unsaved.lock().add(Unsaved {
            change: None,
            end: Some(end),
        });
        async move {
            let mut start = entry.0.start.lock().await;
            let write = entry.write();
            // A concurrent write may have stored it.
            if write.unsaved.is_empty() {
                return;
            }
            let stored = match &*start {
                Some(call) => {
                    let inserted = self.insert(&entry, call, &write.unsaved).await;
                    inserted.map(|()| true)
                }
                None => self.update(&entry, &write.unsaved).await,
            };
            match stored {
                Ok(true) => {
                    *start = None;
                    write.finish();
                }
                Ok(false) => tracing::error!("the operation log has lost the entry of a call"),
                Err(error) => {
                    let error = error_chain(&error);
                    tracing::error!(
                        error,
                        "the operation log could not store the result of a call"
                    );
                }
            }
        }
    }

    /// Updates an entry. Returns whether it exists.
    async fn update(&self, entry: &Entry, unsaved: &Unsaved) -> Result<bool, DataError> {
        let (change, end) = (unsaved.change.as_ref(), unsaved.end.as_ref());
        // Both values of a change are replaced, because one may be null.
        let has_change = i64::from(change.is_some());
        sql("UPDATE operation_logs SET user_id = COALESCE(?, user_id), content = COALESCE(content, ?), old_value = CASE WHEN ? = 1 THEN ? ELSE old_value END, new_value = CASE WHEN ? = 1 THEN ? ELSE new_value END, status = COALESCE(?, status), result = COALESCE(?, result), duration_ms = COALESCE(?, duration_ms) WHERE id = ? AND request_id = ?")
            .bind(unsaved.user().map(truncated))
            .bind(end.and_then(|end| end.content.clone()))
            .bind(has_change)
            .bind(change.and_then(|change| change.before.clone()))
            .bind(has_change)
            .bind(change.and_then(|change| change.after.clone()))
            .bind(end.and_then(|end| end.status))
            .bind(end.and_then(|end| end.result.as_deref()).map(truncated))
            .bind(end.and_then(|end| end.duration_ms))
            .bind(entry.id())
            .bind(entry.0.request_id.clone())
            .changes(self.database())
            .await
    }
}
