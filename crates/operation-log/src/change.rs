use std::{cell::RefCell, future::Future};

use serde::Serialize;
use serde_json::Value;

use crate::{OperationLogConfig, content};

tokio::task_local! {
    static CHANGE: RefCell<Change>;
}

/// The redacted values of an object before and after a call.
#[derive(Debug, Default)]
pub(crate) struct Change {
    pub(crate) before: Option<String>,
    pub(crate) after: Option<String>,
    config: OperationLogConfig,
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
    let _ = CHANGE.try_with(|change| {
        let mut change = change.borrow_mut();
        let text = |value: Option<&T>| {
            let json: Value = serde_json::to_value(value?).ok()?;
            Some(content::of_value(json, &change.config))
        };
        let (before, after) = (text(before), text(after));
        (change.before, change.after) = (before, after);
    });
}

/// Runs a call, and returns the change that its handler has recorded.
pub(crate) async fn with_change<F: Future>(
    call: F,
    config: OperationLogConfig,
) -> (F::Output, Change) {
    let empty = Change {
        config,
        ..Change::default()
    };
    let run = async {
        let output = call.await;
        let change = CHANGE.try_with(RefCell::take);
        (output, change.unwrap_or_default())
    };
    CHANGE.scope(RefCell::new(empty), run).await
}
