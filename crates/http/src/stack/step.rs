use std::fmt::{self, Write as _};

use super::Stack;
use crate::HttpConfig;

/// The steps that every request passes, in their order.
///
/// The stack runs them in the order of [`Step::ORDER`]. The line that a service logs at its start
/// and the table in `docs/http.md` come from the same list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Health probes.
    Probes,
    /// Recovery from panics.
    PanicRecovery,
    /// The request ID.
    RequestId,
    /// The trace context.
    Trace,
    /// Metrics of rate, errors and duration.
    Metrics,
    /// The access log.
    AccessLog,
    /// Compression of responses.
    Compression,
    /// Security headers.
    SecurityHeaders,
    /// Cross-origin resource sharing.
    Cors,
    /// The IP address of the client.
    ClientIp,
    /// The deadline and the timeout.
    Deadline,
    /// The guard against cross-site requests with cookies.
    CrossSiteGuard,
    /// The limits of request bodies.
    BodyLimit,
    /// Load shedding.
    LoadShedding,
    /// Authentication and rate limits.
    Authentication,
    /// The handler.
    Routes,
}

impl Step {
    /// Every step, in order. The length follows the enum, so that no variant can be left out.
    pub const ORDER: [Self; Self::Routes as usize + 1] = [
        Self::Probes,
        Self::PanicRecovery,
        Self::RequestId,
        Self::Trace,
        Self::Metrics,
        Self::AccessLog,
        Self::Compression,
        Self::SecurityHeaders,
        Self::Cors,
        Self::ClientIp,
        Self::Deadline,
        Self::CrossSiteGuard,
        Self::BodyLimit,
        Self::LoadShedding,
        Self::Authentication,
        Self::Routes,
    ];

    /// Returns the name in logs and documents.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Probes => "probes",
            Self::PanicRecovery => "panic recovery",
            Self::RequestId => "request ID",
            Self::Trace => "trace",
            Self::Metrics => "metrics",
            Self::AccessLog => "access log",
            Self::Compression => "compression",
            Self::SecurityHeaders => "security headers",
            Self::Cors => "CORS",
            Self::ClientIp => "client IP",
            Self::Deadline => "deadline and timeout",
            Self::CrossSiteGuard => "cross-site guard",
            Self::BodyLimit => "body limit",
            Self::LoadShedding => "load shedding",
            Self::Authentication => "authentication and rate limit",
            Self::Routes => "routes",
        }
    }

    /// Returns what the step does, in one sentence.
    #[must_use]
    pub const fn purpose(self) -> &'static str {
        match self {
            Self::Probes => "Responds to health probes from memory, without the steps below.",
            Self::PanicRecovery => {
                "Turns a panic into a 500 with the request ID, counted and reported."
            }
            Self::RequestId => "Keeps a valid `x-request-id` or creates one, and returns it.",
            Self::Trace => "Continues or starts a W3C trace, and returns `traceparent`.",
            Self::Metrics => "Counts and measures requests by route template.",
            Self::AccessLog => "Logs one line when the response or the connection ends.",
            Self::Compression => "Compresses JSON and HTML for clients that accept it.",
            Self::SecurityHeaders => "Adds the headers that the handler did not set.",
            Self::Cors => {
                "Responds to preflights for every path, and adds CORS headers to responses for allowed origins."
            }
            Self::ClientIp => "Reads the client IP from one header through trusted proxies.",
            Self::Deadline => {
                "Responds with 504 after the timeout or the client's shorter deadline."
            }
            Self::CrossSiteGuard => {
                "Responds with 403 if another site's page sends the user's cookies."
            }
            Self::BodyLimit => "Responds with 413, 408 or 503 if a body exceeds a limit.",
            Self::LoadShedding => "Responds with 503 above the limit of requests in flight.",
            Self::Authentication => "Identifies the caller and counts the request for it.",
            Self::Routes => "Calls the handler, or responds with 404 or 405.",
        }
    }

    /// Returns the keys of the settings, below `server.http` unless they name `server`.
    #[must_use]
    pub const fn settings(self) -> &'static [&'static str] {
        match self {
            Self::AccessLog => &["access_log"],
            Self::Compression => &["compression"],
            Self::SecurityHeaders => &["security_headers"],
            Self::Cors => &["cors"],
            Self::ClientIp => &["trusted_proxies", "forwarded_header"],
            Self::Deadline => &["timeout"],
            Self::CrossSiteGuard => &["reject_cross_site_cookies"],
            Self::BodyLimit => &["max_body_size", "limits.body", "server.max_body_memory"],
            Self::LoadShedding => &["load_shed"],
            Self::Authentication => &["rate_limit"],
            Self::Probes
            | Self::PanicRecovery
            | Self::RequestId
            | Self::Trace
            | Self::Metrics
            | Self::Routes => &[],
        }
    }

    /// Returns the requirements that the step meets.
    #[must_use]
    pub const fn requirements(self) -> &'static [&'static str] {
        match self {
            Self::Probes => &["HLTH-1", "HLTH-5"],
            Self::PanicRecovery => &["OBS-8"],
            Self::RequestId => &["OBS-7"],
            Self::Trace => &["OBS-6"],
            Self::Metrics => &["OBS-4"],
            Self::AccessLog => &["OBS-2"],
            Self::Compression | Self::SecurityHeaders => &["SEC-4"],
            Self::Cors => &["SEC-2"],
            Self::ClientIp => &["SEC-6"],
            Self::Deadline => &["RES-3", "LIFE-6"],
            Self::CrossSiteGuard => &["AUTH-3", "AUTH-4"],
            Self::BodyLimit => &["SEC-3"],
            Self::LoadShedding => &["RES-7"],
            Self::Authentication => &["RES-6", "AUTH-5"],
            Self::Routes => &["API-2"],
        }
    }

    /// Returns the settings in effect, in brackets, or nothing if the step has none.
    fn in_effect(self, config: &HttpConfig) -> String {
        match self {
            Self::AccessLog if !config.access_log.enabled => " [off]".to_owned(),
            Self::Compression if !config.compression.enabled => " [off]".to_owned(),
            Self::Cors if !config.cors.enabled => " [off]".to_owned(),
            Self::Cors => format!(" [{}]", config.cors.allowed_origins.join(", ")),
            Self::ClientIp => match config.trusted_proxies.len() {
                0 => " [no trusted proxy]".to_owned(),
                count => format!(" [trusted proxy networks: {count}]"),
            },
            Self::Deadline => format!(" [{}]", config.timeout),
            Self::CrossSiteGuard if !config.reject_cross_site_cookies => " [off]".to_owned(),
            Self::BodyLimit => format!(" [{}]", config.max_body_size),
            Self::LoadShedding => format!(
                " [{} in flight, {} queue delay]",
                config.load_shed.max_in_flight, config.load_shed.max_queue_delay
            ),
            Self::Authentication if !config.rate_limit.enabled => " [rate limit off]".to_owned(),
            Self::Authentication => format!(
                " [{} requests in {}]",
                config.rate_limit.requests, config.rate_limit.window
            ),
            Self::Probes
            | Self::PanicRecovery
            | Self::RequestId
            | Self::Trace
            | Self::Metrics
            | Self::AccessLog
            | Self::Compression
            | Self::SecurityHeaders
            | Self::CrossSiteGuard
            | Self::Routes => String::new(),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl Stack {
    /// Returns the steps and the settings in effect in one line, for the log of the start.
    #[must_use]
    pub fn order(&self) -> String {
        Step::ORDER
            .map(|step| format!("{step}{}", step.in_effect(self.config())))
            .join(" > ")
    }

    /// Returns the steps with their purpose and the settings in effect, one per line.
    #[must_use]
    pub fn describe(&self) -> String {
        let mut text = String::new();
        for (number, step) in (1..).zip(Step::ORDER) {
            let settings = step.in_effect(self.config());
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{number:>2}. {step}{settings}: {}", step.purpose());
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    /// The table of `docs/http.md`.
    fn table() -> String {
        let mut table =
            "| Step | Effect | Settings | Requirements |\n| --- | --- | --- | --- |\n".to_owned();
        for step in Step::ORDER {
            let settings = step.settings().iter().map(|key| format!("`{key}`"));
            let settings = settings.collect::<Vec<_>>().join(", ");
            let requirements = step.requirements().join(", ");
            let purpose = step.purpose();
            let _ = writeln!(
                table,
                "| {step} | {purpose} | {settings} | {requirements} |"
            );
        }
        table
    }

    #[test]
    fn order_is_that_of_the_enum_obs_1() {
        assert!(Step::ORDER.is_sorted_by(|one, next| one < next));
    }

    #[test]
    fn documented_order_is_the_order_of_the_stack_obs_1() {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/http.md");
        let page = fs::read_to_string(page).unwrap();
        let table = table();
        assert!(page.contains(&table), "replace the table by:\n{table}");
    }
}
