use std::fmt::Write as _;

use super::Stack;
use crate::HttpConfig;

/// The steps of the stack, outermost first, and what each is for.
pub const ORDER: [(&str, &str); 15] = [
    (
        "probes",
        "health paths are answered here and see nothing of what follows (HLTH-5)",
    ),
    (
        "panic recovery",
        "a panic is a 500 with the request ID, counted and reported (OBS-8)",
    ),
    (
        "request ID",
        "a valid x-request-id is kept, else one is made; it is in the answer (OBS-7)",
    ),
    ("trace", "W3C trace context, continued or begun (OBS-6)"),
    (
        "metrics",
        "requests, durations and requests in flight by route template (OBS-4)",
    ),
    (
        "access log",
        "one line per request, when its answer has been sent (OBS-2)",
    ),
    (
        "security headers",
        "added where the handler set none (SEC-4)",
    ),
    (
        "CORS",
        "origins by list; preflights are answered here, also for unknown paths and methods (SEC-2)",
    ),
    ("client IP", "through trusted proxies only (SEC-6)"),
    (
        "deadline and timeout",
        "x-request-timeout-ms shortens it; late work is not begun (LIFE-6, RES-3)",
    ),
    (
        "cross-site guard",
        "a page of another origin changes nothing with the user's cookies and begins no session (AUTH-3, AUTH-4)",
    ),
    (
        "body limit",
        "declared and streamed, and all bodies within one budget (SEC-3)",
    ),
    (
        "load shedding",
        "503 at once beyond the requests in flight (RES-7)",
    ),
    (
        "rate limit and authentication",
        "refused credentials, then who calls, then the user's budget, else the address's (RES-6)",
    ),
    (
        "routes",
        "404 and 405 are problem documents of the same stack (API-2)",
    ),
];

impl Stack {
    /// The names of the steps and the settings in force, in one line: for the log of the start.
    #[must_use]
    pub fn order(&self) -> String {
        let settings = Settings(self.config());
        ORDER
            .map(|(step, _)| format!("{step}{}", settings.of(step)))
            .join(" > ")
    }

    /// The order, what each step is for, and the settings in force, a line each: for people.
    #[must_use]
    pub fn describe(&self) -> String {
        let settings = Settings(self.config());
        let mut text = String::new();
        for (number, (step, meaning)) in ORDER.iter().enumerate() {
            let setting = settings.of(step);
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{:>2}. {step}{setting}: {meaning}", number + 1);
        }
        text
    }
}

struct Settings<'a>(&'a HttpConfig);

impl Settings<'_> {
    fn of(&self, step: &str) -> String {
        let config = self.0;
        match step {
            "access log" if !config.access_log.enabled => " [off]".to_owned(),
            "CORS" if !config.cors.enabled => " [off]".to_owned(),
            "CORS" => format!(" [{}]", config.cors.allowed_origins.join(", ")),
            "cross-site guard" if !config.refuse_cross_site_cookies => " [off]".to_owned(),
            "client IP" => match config.trusted_proxies.len() {
                0 => " [no proxy is trusted]".to_owned(),
                count => format!(" [{count} trusted ranges]"),
            },
            "deadline and timeout" => format!(" [{}]", config.timeout),
            "body limit" => format!(" [{}]", config.body_limit),
            "load shedding" => format!(" [{} in flight]", config.load_shed.max_in_flight),
            "rate limit and authentication" if !config.rate_limit.enabled => {
                " [rate limit off]".to_owned()
            }
            "rate limit and authentication" => format!(
                " [{}/s, burst {}]",
                config.rate_limit.requests_per_second, config.rate_limit.burst
            ),
            _ => String::new(),
        }
    }
}
