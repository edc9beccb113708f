use std::sync::Arc;

use parking_lot::Mutex;
use seaworthy_core::{RequestContext, Snapshot, context};
use seaworthy_data::{Connection, DataError};
use serde::Serialize;
use serde_json::Value;

use crate::{OperationLog, content, record::CallEnd, store::Entry};

/// A call with an entry. It belongs to the context of its request, so that its handler may run in
/// another task.
pub(crate) struct RunningCall {
    log: OperationLog,
    entry: Entry,
    /// `None` after the handler has ended.
    change: Mutex<Option<Change>>,
}

/// The redacted values of an object before and after a call.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) before: Option<String>,
    pub(crate) after: Option<String>,
    /// The user who made the change.
    pub(crate) user: Option<String>,
}

/// Adds the state of an object before and after the current call to its entry. Pass `None` for an
/// object that does not exist. The values are redacted like the request. The last call replaces
/// earlier ones.
///
/// It has no effect outside of calls that the log stores, and after their handler has ended. Tasks
/// with the context of the request can call it. A task of a plain `tokio::spawn` has no context.
///
/// ```
/// use seaworthy_operation_log::record_change;
///
/// let (old, new) = (serde_json::json!({"enabled": false}), serde_json::json!({"enabled": true}));
/// record_change(Some(&old), Some(&new));
/// ```
pub fn record_change<T: Serialize>(before: Option<&T>, after: Option<&T>) {
    let Some(call) = RunningCall::current() else {
        return;
    };
    let text = |value: Option<&T>| {
        let json: Value = serde_json::to_value(value?).ok()?;
        Some(content::of_value(json, call.log.config()))
    };
    let (before, after) = (text(before), text(after));
    let user = context::with_current(|context| Some(context?.actor()?.as_str().to_owned()));
    if let Some(change) = &mut *call.change.lock() {
        *change = Change {
            before,
            after,
            user,
        };
    }
}

/// Adds the actor of the request to the entry of the current call, in the transaction of the
/// change. Use it in calls that find their actor themselves, such as a login. After a kill, the
/// entry has the actor if the transaction was committed. The connection must be to the database
/// of the log, because the write fails without the table of the log.
///
/// It has no effect without an actor, outside of calls that the log stores, and after their handler
/// has ended. Tasks with the context of the request can call it.
///
/// ```no_run
/// use seaworthy_core::{Actor, context};
/// use seaworthy_data::{DataError, Transaction};
/// use seaworthy_operation_log::record_actor;
///
/// async fn begin_session(tx: &Transaction, user: &str) -> Result<(), DataError> {
///     context::with_current(|context| Some(context?.set_actor(Actor::new(user))));
///     record_actor(tx).await
/// }
/// ```
///
/// # Errors
/// Any error of the database. The transaction then cannot be committed, and its change is lost, so
/// return the error to the client.
pub async fn record_actor(connection: &dyn Connection) -> Result<(), DataError> {
    let actor = context::with_current(|context| context?.actor().cloned());
    let (Some(call), Some(actor)) = (RunningCall::current(), actor) else {
        return Ok(());
    };
    let (log, entry) = (&call.log, &call.entry);
    log.store_user(connection, entry, actor.as_str()).await
}

impl RunningCall {
    /// Adds a call to the context of its request.
    pub(crate) fn begin(log: OperationLog, entry: Entry, context: &RequestContext) -> Arc<Self> {
        let change = Mutex::new(Some(Change::default()));
        let call = Arc::new(Self { log, entry, change });
        context.snapshot_or_init(Snapshot::OperationLog, || Arc::clone(&call) as _);
        call
    }

    /// Returns the call of the current request. `None` after its handler has ended.
    fn current() -> Option<Arc<Self>> {
        let call = context::with_current(|context| {
            let call = context?.snapshot(Snapshot::OperationLog)?;
            Arc::clone(call).downcast::<Self>().ok()
        })?;
        let is_running = call.change.lock().is_some();
        is_running.then_some(call)
    }

    /// Returns the change that the handler has recorded so far. It may record another one.
    pub(crate) fn take_change(&self) -> Change {
        let change = self.change.lock().as_mut().map(std::mem::take);
        change.unwrap_or_default()
    }

    /// Returns the change that the handler has recorded, after its end.
    pub(crate) fn end(&self) -> Change {
        self.change.lock().take().unwrap_or_default()
    }
}

impl Drop for RunningCall {
    /// Stores a change that was recorded after the client disconnected, so that a client cannot
    /// hide it.
    fn drop(&mut self) {
        let change = self.change.get_mut().take();
        if let Some(change) = change.filter(|change| *change != Change::default()) {
            let end = CallEnd {
                change,
                ..CallEnd::default()
            };
            self.log.spawn_store_end(&self.entry, end);
        }
    }
}
