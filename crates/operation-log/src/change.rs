use std::{cell::RefCell, future::Future};

use seaworthy_core::context;
use seaworthy_data::{Connection, DataError};
use serde::Serialize;
use serde_json::Value;

use crate::{OperationLog, content};

tokio::task_local! {
    static CALL: Call;
}

/// The call that the task runs.
struct Call {
    log: OperationLog,
    /// The ID of its entry.
    id: String,
    change: RefCell<Change>,
}

/// The redacted values of an object before and after a call.
#[derive(Debug, Default)]
pub(crate) struct Change {
    pub(crate) before: Option<String>,
    pub(crate) after: Option<String>,
}

/// Adds the state of an object before and after the current call to its entry. Pass `None` for an
/// object that does not exist. The values are redacted like the request. The last call replaces
/// earlier ones. It has no effect outside of calls that the log stores, and in spawned tasks.
///
/// ```
/// use seaworthy_operation_log::record_change;
///
/// let (old, new) = (serde_json::json!({"enabled": false}), serde_json::json!({"enabled": true}));
/// record_change(Some(&old), Some(&new));
/// ```
pub fn record_change<T: Serialize>(before: Option<&T>, after: Option<&T>) {
    let _ = CALL.try_with(|call| {
        let text = |value: Option<&T>| {
            let json: Value = serde_json::to_value(value?).ok()?;
            Some(content::of_value(json, call.log.config()))
        };
        let (before, after) = (text(before), text(after));
        call.change.replace(Change { before, after });
    });
}

/// Adds the actor of the request to the entry of the current call, in the transaction of the
/// change. Use it in calls that find their actor themselves, such as a login. After a kill, the
/// entry has the actor if the transaction was committed. It has no effect without an actor, outside
/// of calls that the log stores, and in spawned tasks.
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
/// Any error of the database. The transaction cannot be committed then.
pub async fn record_actor(connection: &dyn Connection) -> Result<(), DataError> {
    let call = CALL.try_with(|call| (call.log.clone(), call.id.clone()));
    let actor = context::with_current(|context| context?.actor().cloned());
    let (Ok((log, id)), Some(actor)) = (call, actor) else {
        return Ok(());
    };
    log.store_user(connection, id, actor.as_str()).await
}

/// Runs the call of an entry, and returns the change that its handler has recorded.
pub(crate) async fn with_change<F: Future>(
    call: F,
    log: OperationLog,
    id: String,
) -> (F::Output, Change) {
    let run = async {
        let output = call.await;
        let change = CALL.try_with(|call| call.change.take());
        (output, change.unwrap_or_default())
    };
    let change = RefCell::default();
    CALL.scope(Call { log, id, change }, run).await
}
