use std::error::Error as _;

use seaworthy_telemetry::logs::{Level, Line, Logs};

use super::{Ended, Outcome};
use crate::AccessLogConfig;

const TARGET: &str = "seaworthy::access";
const MESSAGE: &str = "request";
/// A chain of causes longer than this repeats itself.
const MAXIMUM_CAUSES: usize = 8;

/// One line per request, when it has ended. Faults of the service are errors and carry their causes, which no client sees.
pub(super) fn write(logs: &Logs, config: &AccessLogConfig, ended: &Ended<'_>) {
    let level = if ended.status >= 500 {
        Level::Error
    } else {
        Level::Info
    };
    let Some(mut line) = logs.line(Some(ended.context), level, TARGET, MESSAGE) else {
        return;
    };
    line.known("method", ended.method.as_str())
        .known("route", ended.template)
        .unsigned("status", u64::from(ended.status))
        .milliseconds("duration_ms", ended.duration)
        .unsigned("bytes", ended.sent);
    let path = ended.uri.path();
    if path != ended.template {
        line.text("path", path);
    }
    if let Some(query) = ended.uri.query()
        && config.query
        && !ended
            .options
            .is_none_or(|options| options.has_sensitive_query())
    {
        line.text("query", query);
    }
    finish(&mut line, ended);
}

/// The same for a gRPC call.
pub(super) fn write_call(logs: &Logs, ended: &Ended<'_>) {
    let level = if ended.rpc.is_server_fault() {
        Level::Error
    } else {
        Level::Info
    };
    let Some(mut line) = logs.line(Some(ended.context), level, TARGET, MESSAGE) else {
        return;
    };
    line.known("call", ended.template.trim_start_matches('/'))
        .known("status", ended.rpc.name())
        .milliseconds("duration_ms", ended.duration)
        .unsigned("bytes", ended.sent);
    let path = ended.uri.path();
    if path != ended.template {
        line.text("path", path);
    }
    finish(&mut line, ended);
}

fn finish(line: &mut Line, ended: &Ended<'_>) {
    if let Some(address) = ended.context.client_address() {
        line.display("client_address", &address);
    }
    if let Some(agent) = ended.context.user_agent() {
        line.text("user_agent", agent);
    }
    match ended.outcome {
        Outcome::Complete => {}
        Outcome::Aborted => {
            line.known("ended", "aborted");
        }
        Outcome::Cancelled => {
            line.known("ended", "cancelled");
        }
    }
    if let Some(failure) = ended.failure {
        line.text("reason", failure.reason());
        if failure.code().is_server_fault() {
            let causes = std::iter::successors(failure.source(), |cause| (*cause).source());
            let causes: Vec<_> = causes
                .take(MAXIMUM_CAUSES)
                .map(ToString::to_string)
                .collect();
            line.text("error", failure.message());
            line.text("cause", &causes.join(": "));
        }
    }
}
