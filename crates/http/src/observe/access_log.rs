use std::error::Error as _;

use seaworthy_telemetry::logs::{Level, Line, Logs, Name};

use super::{Ended, Outcome};
use crate::AccessLogConfig;

const TARGET: &str = "seaworthy::access";
const MESSAGE: &str = "request";
const METHOD: Name = Name::new("method");
const ROUTE: Name = Name::new("route");
const CALL: Name = Name::new("call");
const STATUS: Name = Name::new("status");
const DURATION_MS: Name = Name::new("duration_ms");
const BYTES: Name = Name::new("bytes");
const PATH: Name = Name::new("path");
const QUERY: Name = Name::new("query");
const CLIENT_ADDRESS: Name = Name::new("client_address");
const USER_AGENT: Name = Name::new("user_agent");
const ENDED: Name = Name::new("ended");
const REASON: Name = Name::new("reason");
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
    line.known(METHOD, ended.method.as_str())
        .known(ROUTE, ended.template)
        .count(STATUS, u64::from(ended.status))
        .milliseconds(DURATION_MS, ended.duration)
        .count(BYTES, ended.sent);
    let path = ended.uri.path();
    if path != ended.template {
        line.filtered(PATH, path);
    }
    if let Some(query) = ended.uri.query()
        && config.query
        && !ended
            .options
            .is_none_or(|options| options.has_sensitive_query())
    {
        line.filtered(QUERY, query);
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
    line.known(CALL, ended.template.trim_start_matches('/'))
        .known(STATUS, ended.rpc.name())
        .milliseconds(DURATION_MS, ended.duration)
        .count(BYTES, ended.sent);
    let path = ended.uri.path();
    if path != ended.template {
        line.filtered(PATH, path);
    }
    finish(&mut line, ended);
}

fn finish(line: &mut Line, ended: &Ended<'_>) {
    if let Some(address) = ended.context.client_address() {
        line.address(CLIENT_ADDRESS, address);
    }
    if let Some(agent) = ended.context.user_agent() {
        line.filtered(USER_AGENT, agent);
    }
    match ended.outcome {
        Outcome::Complete => {}
        Outcome::Aborted => {
            line.known(ENDED, "aborted");
        }
        Outcome::Cancelled => {
            line.known(ENDED, "cancelled");
        }
    }
    if let Some(failure) = ended.failure {
        line.filtered(REASON, failure.reason());
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
