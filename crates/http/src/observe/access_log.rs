use seaworthy_core::{Error, error_causes};
use seaworthy_telemetry::logs::{FieldName, Level, Line, Logs};

use super::{Ended, Outcome};
use crate::AccessLogConfig;

const TARGET: &str = "seaworthy::access";
const MESSAGE: &str = "request";
const METHOD: FieldName = FieldName::new("method");
const ROUTE: FieldName = FieldName::new("route");
const CALL: FieldName = FieldName::new("call");
const STATUS: FieldName = FieldName::new("status");
const DURATION_MS: FieldName = FieldName::new("duration_ms");
const BYTES: FieldName = FieldName::new("bytes");
const PATH: FieldName = FieldName::new("path");
const QUERY: FieldName = FieldName::new("query");
const CLIENT_ADDRESS: FieldName = FieldName::new("client_address");
const USER_AGENT: FieldName = FieldName::new("user_agent");
const ENDED: FieldName = FieldName::new("ended");
const REASON: FieldName = FieldName::new("reason");
/// Maximum causes in a log line.
const MAX_CAUSES: usize = 8;

/// Logs one line when a request has ended. A 5xx is logged as an error with its causes, which
/// clients do not get.
pub(super) fn write(logs: &Logs, config: &AccessLogConfig, ended: &Ended<'_>) {
    let level = if ended.status >= 500 {
        Level::Error
    } else {
        Level::Info
    };
    let Some(mut line) = logs.line(Some(ended.context), level, TARGET, MESSAGE) else {
        return;
    };
    line.literal(METHOD, ended.method.as_str())
        .literal(ROUTE, ended.template)
        .integer(STATUS, u64::from(ended.status))
        .milliseconds(DURATION_MS, ended.duration)
        .integer(BYTES, ended.sent);
    if ended.logged_path != ended.template {
        line.redacted(PATH, &ended.logged_path);
    }
    if let Some(query) = ended.uri.query()
        && config.query
        && !ended
            .options
            .is_none_or(|options| options.has_sensitive_query())
    {
        line.redacted(QUERY, query);
    }
    finish(&mut line, ended);
}

/// Logs one line when a gRPC call has ended.
pub(super) fn write_call(logs: &Logs, ended: &Ended<'_>) {
    let level = if ended.rpc.is_server_fault() {
        Level::Error
    } else {
        Level::Info
    };
    let Some(mut line) = logs.line(Some(ended.context), level, TARGET, MESSAGE) else {
        return;
    };
    line.literal(CALL, ended.template.trim_start_matches('/'))
        .literal(STATUS, ended.rpc.name())
        .milliseconds(DURATION_MS, ended.duration)
        .integer(BYTES, ended.sent);
    if ended.logged_path != ended.template {
        line.redacted(PATH, &ended.logged_path);
    }
    finish(&mut line, ended);
}

fn finish(line: &mut Line, ended: &Ended<'_>) {
    if let Some(address) = ended.context.client_address() {
        line.ip_address(CLIENT_ADDRESS, address);
    }
    if let Some(agent) = ended.context.user_agent() {
        line.redacted_repeated(USER_AGENT, agent);
    }
    match ended.outcome {
        Outcome::Complete => {}
        Outcome::Aborted => {
            line.literal(ENDED, "aborted");
        }
        Outcome::Cancelled => {
            line.literal(ENDED, "cancelled");
        }
    }
    if let Some(failure) = ended.failure {
        line.redacted(REASON, failure.reason());
        if failure.code().is_server_fault() {
            line.text("error", failure.message());
            line.text("cause", &causes(failure).unwrap_or_default());
        }
    }
}

/// Returns the causes of a failure of the service. `None` if it has none, or if it is a failure of
/// the client.
pub(super) fn causes(failure: &Error) -> Option<String> {
    let is_fault = failure.code().is_server_fault();
    let causes = error_causes(failure).take(MAX_CAUSES);
    let causes: Vec<_> = causes.map(ToString::to_string).collect();
    (is_fault && !causes.is_empty()).then(|| causes.join(": "))
}
