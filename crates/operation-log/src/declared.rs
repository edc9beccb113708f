use std::{sync::Arc, time::Instant};

use seaworthy_core::{RequestContext, context};
use serde::Serialize;

use crate::{
    OperationLog, content,
    outcome::{OK, UNKNOWN},
    record::{CallEnd, CallStart},
    store::Entry,
};

/// A running operation of [`OperationLog::begin_operation`]. If it is dropped, the result of its
/// entry stays `unknown`.
#[must_use = "the result of the entry is unknown until the end"]
pub struct DeclaredOperation(Option<Running>);

struct Running {
    log: OperationLog,
    entry: Entry,
    context: Arc<RequestContext>,
    started: Instant,
}

/// The result of an operation that a service declares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperationResult {
    /// The operation succeeded: `ok`.
    Ok,
    /// The operation had no effect, for this reason.
    Failed(&'static str),
    /// The operation may have had its effect, as after a timeout: `unknown`.
    Unknown,
}

impl OperationLog {
    /// Stores the entry of an operation that the service declares itself, such as a message that a
    /// GET request sends. The content is redacted. Begin it before the effect, so that a killed
    /// process leaves an entry. It has no effect if the settings turn the log off, or outside of a
    /// request.
    ///
    /// ```
    /// use seaworthy_operation_log::{OperationLog, OperationResult};
    ///
    /// async fn send(log: &OperationLog, address: &str) {
    ///     let content = serde_json::json!({ "email": address });
    ///     let operation = log.begin_operation("SendInvitation", "/invitations", &content).await;
    ///     // Send the message.
    ///     operation.end(OperationResult::Ok).await;
    /// }
    /// ```
    pub async fn begin_operation(
        &self,
        operation: &str,
        target: &str,
        content: &impl Serialize,
    ) -> DeclaredOperation {
        let Some(context) = context::current().filter(|_| self.is_enabled()) else {
            return DeclaredOperation(None);
        };
        let started = Instant::now();
        let target = target.to_owned();
        let mut start = CallStart::new(&context, operation.to_owned(), target.clone(), target);
        let json = serde_json::to_value(content).ok();
        start.content = json.map(|json| content::of_value(json, self.config()));
        let entry = Entry::new(self, start);
        self.store_start(&entry).await;
        DeclaredOperation(Some(Running {
            log: self.clone(),
            entry,
            context,
            started,
        }))
    }
}

impl DeclaredOperation {
    /// Stores the result.
    pub async fn end(self, result: OperationResult) {
        let Some(Running {
            log,
            entry,
            context,
            started,
        }) = self.0
        else {
            return;
        };
        let end = CallEnd::default().with_result(result.as_str().to_owned(), started);
        log.store_end(&entry, end, &context).await;
    }
}

impl OperationResult {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => OK,
            Self::Failed(reason) => reason,
            Self::Unknown => UNKNOWN,
        }
    }
}
