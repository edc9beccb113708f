//! Observability of a request: trace (OBS-6), metrics (OBS-4), access log (OBS-2) and panics
//! (OBS-8).

mod access_log;
mod metrics;
mod rejections;
mod rpc_metrics;
mod trace;

use std::{borrow::Cow, time::Duration};

use http::{HeaderMap, Uri};
use seaworthy_core::{Error, RequestContext, Switch, TraceContext};
use seaworthy_telemetry::{Telemetry, redact::Redactor};

use crate::{
    AccessLogConfig, HttpConfig,
    routes::{MethodLabel, PathId, RouteOptions, Table},
    rpc::{Protocol, RpcStatus},
};

use metrics::HttpMetrics;
use rejections::RejectionMetrics;
use rpc_metrics::RpcMetrics;
pub(crate) use trace::apply as apply_trace;

/// The outcome of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The connection got the whole response.
    Complete,
    /// The response began and ended early: the client disconnected or the body failed.
    Aborted,
    /// The client disconnected before the response.
    Cancelled,
}

/// The data of an ended request.
#[derive(Debug)]
pub(crate) struct Ended<'a> {
    pub(crate) context: &'a RequestContext,
    pub(crate) method: MethodLabel,
    pub(crate) path: PathId,
    /// The route template, or the label of unmatched paths.
    pub(crate) template: &'a str,
    pub(crate) options: Option<&'a RouteOptions>,
    /// The path without secrets and personal values.
    pub(crate) logged_path: Cow<'a, str>,
    pub(crate) uri: &'a Uri,
    pub(crate) status: u16,
    pub(crate) sent: u64,
    pub(crate) duration: Duration,
    /// The time until the head of an open-ended response.
    pub(crate) open_ended: Option<Duration>,
    pub(crate) outcome: Outcome,
    pub(crate) failure: Option<&'a Error>,
    /// The status of a gRPC call.
    pub(crate) rpc: RpcStatus,
}

#[derive(Debug)]
enum RequestMetrics {
    Http(HttpMetrics),
    Grpc(RpcMetrics),
}

#[derive(Debug)]
pub(crate) struct Observer {
    telemetry: Telemetry,
    metrics: RequestMetrics,
    rejections: RejectionMetrics,
    access_log: AccessLogConfig,
    access_log_switch: Switch,
}

impl Observer {
    pub(crate) fn new(
        telemetry: &Telemetry,
        table: &Table,
        config: &HttpConfig,
        protocol: Protocol,
        access_log_switch: Switch,
    ) -> Self {
        let metrics = telemetry.metrics();
        Self {
            telemetry: telemetry.clone(),
            metrics: match protocol {
                Protocol::Http => RequestMetrics::Http(HttpMetrics::new(metrics, table)),
                Protocol::Grpc => RequestMetrics::Grpc(RpcMetrics::new(metrics, table)),
            },
            rejections: RejectionMetrics::new(metrics),
            access_log: config.access_log.clone(),
            access_log_switch,
        }
    }

    /// Redacts texts as the log does.
    pub(crate) fn redactor(&self) -> &Redactor {
        self.telemetry.logs().redactor()
    }

    /// Continues the trace of the caller or starts one.
    pub(crate) fn trace(&self, headers: &HeaderMap) -> TraceContext {
        trace::begin(self.telemetry.tracer(), headers)
    }

    pub(crate) fn record_start(&self, path: PathId, method: MethodLabel) {
        match &self.metrics {
            RequestMetrics::Http(metrics) => metrics.record_start(path, method),
            RequestMetrics::Grpc(metrics) => metrics.record_start(path),
        }
    }

    pub(crate) fn running(&self) -> Vec<String> {
        match &self.metrics {
            RequestMetrics::Http(metrics) => metrics.running(),
            RequestMetrics::Grpc(metrics) => metrics.running(),
        }
    }

    pub(crate) fn record_unauthenticated(&self, error: &Error) {
        self.rejections
            .unauthenticated
            .get_or_create(error.reason())
            .increment();
    }

    pub(crate) fn record_end(&self, ended: &Ended<'_>) {
        let (logs, tracer) = (self.telemetry.logs(), self.telemetry.tracer());
        self.report(ended);
        let is_probe = ended.options.is_some_and(RouteOptions::is_probe);
        let is_recording = !is_probe && tracer.is_recording(ended.context.trace());
        let is_logged = !is_probe
            && self.access_log.enabled
            && self.access_log_switch.is_on()
            && !self.access_log.excludes(ended.uri.path());
        match &self.metrics {
            RequestMetrics::Http(metrics) => {
                metrics.record_end(ended);
                if is_logged {
                    access_log::write(logs, &self.access_log, ended);
                }
                if is_recording {
                    tracer.record_request(trace::span(ended), ended.context.take_span_events());
                }
            }
            RequestMetrics::Grpc(metrics) => {
                metrics.record_end(ended);
                if is_logged {
                    access_log::write_call(logs, ended);
                }
                if is_recording {
                    tracer
                        .record_request(trace::call_span(ended), ended.context.take_span_events());
                }
            }
        }
    }

    /// Forwards a failed response with a cause to the error trackers. Panics have their own report
    /// and no cause.
    fn report(&self, ended: &Ended<'_>) {
        let Some(failure) = ended.failure else { return };
        let Some(causes) = access_log::causes(failure) else {
            return;
        };
        let source = format!("{} {}", ended.method.as_str(), ended.template);
        let message = format!("{}: {causes}", failure.message());
        let id = ended.context.request_id().as_str();
        self.telemetry
            .errors()
            .record_error(&source, &message, Some(id));
    }

    pub(crate) fn record_panic(&self, method: MethodLabel, template: &str, message: &str) {
        let place = format!("{} {template}", method.as_str());
        self.telemetry.errors().record_panic(&place, message);
    }
}
