//! The statements that store a call.

use std::sync::Arc;

use seaworthy_core::{RequestContext, context, error_chain, new_id};
use seaworthy_data::{Connection, DataError, sql};
use tokio::{runtime::Handle, sync::Mutex};

use crate::{
    OperationLog,
    outcome::{OK, UNKNOWN},
    record::{CallEnd, CallStart},
};

/// The name of the task that stores the end of a call.
const STORE_END: &str = "store the end of a call";
const STORE_OPERATION: &str = "store an operation";
/// Maximum length of a column, in characters.
const MAX_TEXT: usize = 255;

/// An entry of the log. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Entry(Arc<State>);

struct State {
    id: parking_lot::Mutex<String>,
    request_id: String,
    /// The start of the call until it is stored.
    missing: Mutex<Option<CallStart>>,
}

impl Entry {
    pub(crate) fn new(log: &OperationLog, start: CallStart) -> Self {
        Self(Arc::new(State {
            id: parking_lot::Mutex::new(log.generate_id()),
            request_id: start.request_id.clone(),
            missing: Mutex::new(Some(start)),
        }))
    }

    fn id(&self) -> String {
        self.0.id.lock().clone()
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
        let stored = self.insert(&mut id, start, &CallEnd::default()).await;
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
        let stored = self.insert(&mut self.generate_id(), &start, &end).await;
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
    ) -> Result<(), DataError> {
        let stored = self.insert_as(id, start, end).await;
        if stored.as_ref().is_err_and(DataError::is_unique_violation) {
            tracing::error!("two replicas use the same operation_log.node: set another one");
            *id = new_id().to_string();
            return self.insert_as(id, start, end).await;
        }
        stored
    }

    async fn insert_as(&self, id: &str, start: &CallStart, end: &CallEnd) -> Result<(), DataError> {
        let duration_us = end.duration_ms.unwrap_or_default().saturating_mul(1_000);
        let result = end.result.as_deref().unwrap_or(UNKNOWN);
        sql("INSERT INTO operation_logs (id, created_us, user_id, method, operation, target, path, content, old_value, new_value, status, result, duration_ms, request_id, trace_id, client_ip)
             VALUES (?, {now_us} - ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
            .bind(id)
            .bind(duration_us)
            .bind(end.user().or(start.user.as_deref()).map(cut))
            .bind(cut(&start.method))
            .bind(cut(&start.operation))
            .bind(cut(&start.target))
            .bind(start.path.clone())
            .bind(start.content.clone().or_else(|| end.content.clone()))
            .bind(end.change.before.clone())
            .bind(end.change.after.clone())
            .bind(end.status)
            .bind(cut(result))
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
            .bind(cut(user))
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
        if let Err(error) = self.try_update_entry(&entry, &end).await {
            self.count_dropped();
            let error = error_chain(&error);
            tracing::error!(
                error,
                "the operation log could not store the result of a call"
            );
        }
    }

    async fn try_update_entry(&self, entry: &Entry, end: &CallEnd) -> Result<(), DataError> {
        let mut missing = entry.0.missing.lock().await;
        if let Some(start) = &*missing {
            let stored = self.insert_as(&entry.id(), start, end).await;
            // The start is stored if only its confirmation was lost or not waited for.
            let exists = stored.as_ref().is_err_and(DataError::is_unique_violation);
            if exists || stored.is_ok() {
                *missing = None;
            }
            if !exists {
                return stored;
            }
        }
        drop(missing);
        sql("UPDATE operation_logs SET user_id = COALESCE(?, user_id), content = COALESCE(content, ?), old_value = COALESCE(?, old_value), new_value = COALESCE(?, new_value), status = COALESCE(?, status), result = COALESCE(?, result), duration_ms = COALESCE(?, duration_ms) WHERE id = ? AND request_id = ?")
            .bind(end.user().map(cut))
            .bind(end.content.clone())
            .bind(end.change.before.clone())
            .bind(end.change.after.clone())
            .bind(end.status)
            .bind(end.result.as_deref().map(cut))
            .bind(end.duration_ms)
            .bind(entry.id())
            .bind(entry.0.request_id.clone())
            .execute(self.database())
            .await
            .map(drop)
    }
}

/// Logs an entry that could not be stored.
fn report(stored: Result<(), DataError>) -> Result<(), DataError> {
    stored.inspect_err(|error| {
        let error = error_chain(error);
        tracing::error!(error, "the operation log could not store a call");
    })
}

fn cut(text: &str) -> String {
    text.chars().take(MAX_TEXT).collect()
}
