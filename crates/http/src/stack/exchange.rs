use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::{Duration, Instant},
};

use http::{HeaderValue, Uri};
use seaworthy_core::{Code, RequestContext, ResponseError, context};
use seaworthy_resilience::rate_limit::RateLimitHeaders;

use super::builder::Inner;
use crate::{
    body_limit::BodyReport,
    compression::Compressing,
    cors::CrossOrigin,
    load_shed::Admission,
    observe::{Ended, Outcome},
    routes::{MethodLabel, Target},
    rpc::RpcStatus,
};

/// One request from its first step to the last byte of its response. Dropping it records the
/// outcome.
pub(super) struct Exchange {
    pub(super) stack: Arc<Inner>,
    pub(super) context: Arc<RequestContext>,
    pub(super) started: Instant,
    pub(super) method: MethodLabel,
    /// The only lookup of the request. The enforced options and the handler both come from it.
    pub(super) target: Target,
    pub(super) uri: Uri,
    pub(super) tls: bool,
    pub(super) cross_origin: CrossOrigin,
    /// The value of `Accept-Encoding`, if the response may be compressed.
    pub(super) accepted_encodings: Option<HeaderValue>,
    /// Counts the response as compressed until it ends.
    pub(super) compressing: Option<Compressing>,
    pub(super) rate_limit: Option<RateLimitHeaders>,
    /// The value of `WWW-Authenticate` for a rejected caller.
    pub(super) challenge: Option<HeaderValue>,
    /// Counts the request as in flight. `None` for probes and rejected requests.
    pub(super) admission: Option<Admission>,
    /// Zero until the response begins.
    pub(super) status: u16,
    /// The time until the head of an open-ended response, such as a stream.
    pub(super) open_ended: Option<Duration>,
    pub(super) sent: u64,
    pub(super) complete: bool,
    pub(super) failure: Option<ResponseError>,
    /// The result of reading the request body.
    pub(super) body: Option<BodyReport>,
    /// The status of a gRPC call, if the response has one.
    pub(super) rpc: Option<RpcStatus>,
    /// The deadline of the client of a gRPC call.
    pub(super) call_deadline: Option<Instant>,
}

/// The status in logs and metrics of a client that disconnected before the response.
const CANCELLED: u16 = Code::Cancelled.http_status();

/// A caught and reported panic.
pub(super) struct Panicked;

impl Exchange {
    /// Runs a function in the context of the request and catches a panic (OBS-8).
    pub(super) fn guard<R>(&self, run: impl FnOnce() -> R) -> Result<R, Panicked> {
        let scoped = || context::sync_scope(Arc::clone(&self.context), run);
        catch_unwind(AssertUnwindSafe(scoped)).map_err(|payload| {
            context::sync_scope(Arc::clone(&self.context), || {
                let template = self.stack.table.label(self.target.path);
                let message = message(&*payload);
                self.stack
                    .observer
                    .record_panic(self.method, template, message);
            });
            Panicked
        })
    }
}

fn message(payload: &(dyn Any + Send)) -> &str {
    payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("the panic payload is not a string")
}

impl Drop for Exchange {
    fn drop(&mut self) {
        // Released before the log line, so that the count is current.
        if let Some(admission) = self.admission.take()
            && self.status == 0
        {
            let waited = self.body.as_ref().map(BodyReport::waited);
            admission.abandon(waited.unwrap_or_default());
        }
        let outcome = match (self.status, self.complete) {
            (0, _) => Outcome::Cancelled,
            (_, false) => Outcome::Aborted,
            (_, true) => Outcome::Complete,
        };
        self.stack.observer.record_end(&Ended {
            context: &self.context,
            method: self.method,
            path: self.target.path,
            template: self.stack.table.label(self.target.path),
            options: self.target.options(),
            logged_path: self
                .stack
                .table
                .logged_path(self.target.path, self.uri.path()),
            uri: &self.uri,
            status: match outcome {
                Outcome::Cancelled => CANCELLED,
                _ => self.status,
            },
            sent: self.sent,
            duration: self.started.elapsed(),
            open_ended: self.open_ended,
            outcome,
            failure: self.failure.as_ref().map(ResponseError::error),
            rpc: match (outcome, self.rpc) {
                (_, Some(status)) => status,
                (Outcome::Complete, None) => RpcStatus::UNKNOWN,
                (Outcome::Cancelled | Outcome::Aborted, None) => RpcStatus::CANCELLED,
            },
        });
    }
}
