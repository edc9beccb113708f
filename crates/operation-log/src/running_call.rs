use std::{sync::Arc, time::Instant};

use axum::response::Response;
use parking_lot::Mutex;
use seaworthy_contract::idempotency::ObserveKeyedCall;
use seaworthy_core::{Code, Deadline, RequestContext, Snapshot, context};
use seaworthy_data::{Connection, DataError};
use serde::Serialize;
use serde_json::Value;

use crate::{
    OperationLog, content,
    outcome::{Outcome, is_rejected},
    record::{CallEnd, Content, current_actor},
    store::Entry,
};

/// A call with an entry. It belongs to the context of its request, so that its handler may run in
/// another task.
pub(crate) struct RunningCall {
    log: OperationLog,
    entry: Entry,
    started: Instant,
    is_grpc: bool,
    stage: Mutex<Stage>,
}

/// The stage of a call.
enum Stage {
    /// The handler runs.
    Running,
    /// The handler runs in a task that continues after its client has disconnected, because the
    /// call has an idempotency key.
    Detached,
    /// The handler of a detached call continues, and its request was dropped.
    Abandoned(Pending),
    /// The handler of a detached call has ended, but its response might not reach the log.
    Responded { outcome: Outcome, is_rejected: bool },
    /// The entry needs nothing more from the handler.
    Ended,
}

/// The parts of an entry that are stored with the outcome.
pub(crate) struct Pending {
    pub(crate) user: Option<String>,
    pub(crate) content: Content,
}

/// The redacted values of an object before and after a call.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    let change = Change {
        before,
        after,
        user: current_actor(),
    };
    // The handler may end meanwhile.
    let stage = call.stage.lock();
    if stage.is_running() {
        call.entry.set_change(change);
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

impl Stage {
    /// Whether the handler runs.
    fn is_running(&self) -> bool {
        matches!(self, Self::Running | Self::Detached | Self::Abandoned(_))
    }
}

impl RunningCall {
    /// Adds a call to the context of its request.
    pub(crate) fn start(
        log: OperationLog,
        entry: Entry,
        context: &RequestContext,
        started: Instant,
        is_grpc: bool,
    ) -> Arc<Self> {
        let call = Arc::new(Self {
            log,
            entry,
            started,
            is_grpc,
            stage: Mutex::new(Stage::Running),
        });
        context.snapshot_or_init(Snapshot::OperationLog, || Arc::clone(&call) as _);
        call
    }

    /// Returns the call of the current request. `None` after its handler has ended.
    fn current() -> Option<Arc<Self>> {
        let call = context::with_current(|context| {
            let call = context?.snapshot(Snapshot::OperationLog)?;
            Arc::clone(call).downcast::<Self>().ok()
        })?;
        let is_running = call.stage.lock().is_running();
        is_running.then_some(call)
    }

    /// Returns the start of the call.
    pub(crate) fn started(&self) -> Instant {
        self.started
    }

    /// Ends the call. The response of its handler has reached the log.
    pub(crate) fn finish(&self) {
        *self.stage.lock() = Stage::Ended;
    }

    /// Stores the outcome of a call whose request was dropped. A detached call continues, and
    /// stores its outcome at its end.
    pub(crate) fn abandon(&self, pending: Pending, deadline: Option<Deadline>) {
        let mut stage = self.stage.lock();
        match std::mem::replace(&mut *stage, Stage::Ended) {
            Stage::Detached => *stage = Stage::Abandoned(pending),
            Stage::Responded {
                outcome,
                is_rejected,
            } => self.store(pending, is_rejected, outcome),
            unchanged => {
                // A task of the handler may record a change later.
                *stage = unchanged;
                self.store(pending, false, Outcome::of_dropped(deadline, self.is_grpc));
            }
        }
    }

    fn store(&self, pending: Pending, is_rejected: bool, outcome: Outcome) {
        let end = CallEnd::new(pending.user, Some(pending.content), is_rejected);
        let end = end.with_outcome(outcome, self.started);
        self.log.spawn_store_end(&self.entry, end);
    }
}

impl ObserveKeyedCall for RunningCall {
    fn begin(&self) {
        *self.stage.lock() = Stage::Detached;
    }

    fn end(&self, response: Option<&Response>) {
        let outcome = response.and_then(Outcome::of_response);
        let outcome = outcome.unwrap_or_else(|| Outcome::of_code(Code::Internal, self.is_grpc));
        let is_rejected = response.is_some_and(is_rejected);
        let mut stage = self.stage.lock();
        match std::mem::replace(&mut *stage, Stage::Ended) {
            Stage::Abandoned(mut pending) => {
                // The user of a login is known only at its end.
                pending.user = current_actor().or(pending.user);
                self.store(pending, is_rejected, outcome);
            }
            _ => {
                *stage = Stage::Responded {
                    outcome,
                    is_rejected,
                }
            }
        }
    }
}

impl Drop for RunningCall {
    /// Stores what a task of the handler has recorded after the client disconnected, so that a
    /// client cannot hide it.
    fn drop(&mut self) {
        match std::mem::replace(self.stage.get_mut(), Stage::Ended) {
            // A stop aborted the call.
            Stage::Abandoned(pending) => {
                self.store(pending, false, Outcome::of_dropped(None, self.is_grpc));
            }
            Stage::Running if self.entry.has_change() => {
                self.log.spawn_store_end(&self.entry, CallEnd::default());
            }
            _ => {}
        }
    }
}
