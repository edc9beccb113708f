use seaworthy::config::LegacyVariable;

/// The variable of the log format. The legacy services call the text format `console`.
pub const LOG_FORMAT: LegacyVariable = LegacyVariable::maps(
    "LOG_FORMAT",
    "log.format",
    &[
        ("console", Some("text")),
        ("text", Some("text")),
        ("json", Some("json")),
        ("auto", Some("auto")),
    ],
);

/// The path of the legacy services that serves metrics.
pub const PUBLIC_METRICS: &str = "/metrics";

/// Origins of the web application in development: the gateway, and an application on port 3000.
pub const DEVELOPMENT_ORIGINS: [&str; 4] = [
    "http://127.0.0.1:8080",
    "http://localhost:8080",
    "http://127.0.0.1:3000",
    "http://localhost:3000",
];

/// The default of `server.http.rate_limit.requests`, per window of 2 s, for services whose routes
/// have limits of their own, or none. Load tests send thousands of requests from one IP address.
pub const DEFAULT_MAX_CALLER_REQUESTS: u32 = 20_000;
