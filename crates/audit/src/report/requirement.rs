//! The requirements of the catalogue in one sentence each, for the checklist.

#[derive(Debug, Clone, Copy)]
pub(crate) struct Requirement {
    /// The catalogue's ID.
    pub(crate) id: &'static str,
    /// A short title.
    pub(crate) topic: &'static str,
    /// The requirement in one sentence.
    pub(crate) sentence: &'static str,
}

/// Returns the requirement with an ID.
pub(crate) fn requirement(id: &str) -> Option<&'static Requirement> {
    REQUIREMENTS.iter().find(|requirement| requirement.id == id)
}

const fn of(id: &'static str, topic: &'static str, sentence: &'static str) -> Requirement {
    Requirement {
        id,
        topic,
        sentence,
    }
}

/// Every requirement for which files may contain evidence, in the order of the catalogue.
const REQUIREMENTS: &[Requirement] = &[
    of(
        "CONF-1",
        "Configuration layers",
        "Configuration has layers, and startup fails for an unknown key",
    ),
    of(
        "CONF-2",
        "Profiles",
        "Each environment has its own configuration, and production does not read development files",
    ),
    of(
        "CONF-3",
        "Safe settings",
        "No unsafe setting is enabled in production",
    ),
    of(
        "CONF-5",
        "Credentials by reference",
        "Credentials come from outside the code, without defaults",
    ),
    of(
        "CONF-6",
        "Settings",
        "Settings are documented, and each one is used",
    ),
    of(
        "CONF-7",
        "Addresses",
        "Addresses are settings, and none is localhost",
    ),
    of(
        "LIFE-1",
        "Failing at start",
        "A failed start ends with an error, not with a panic",
    ),
    of(
        "LIFE-2",
        "Connecting at start",
        "Connections to dependencies are retried, and a final failure is an error",
    ),
    of("LIFE-3", "Eager start", "No request performs startup work"),
    of(
        "LIFE-4",
        "Graceful shutdown",
        "A stop finishes accepted work within a timeout",
    ),
    of(
        "LIFE-5",
        "Owned tasks",
        "Every background task has an owner that stops it and observes its failure",
    ),
    of(
        "LIFE-6",
        "Deadlines",
        "Deadlines and cancellation propagate with each request",
    ),
    of(
        "LIFE-7",
        "Degraded mode",
        "The service survives the loss of an optional dependency",
    ),
    of(
        "HLTH-1",
        "Probes",
        "Probes exist, and use existing paths, ports and programs",
    ),
    of(
        "HLTH-2",
        "Liveness and readiness",
        "Liveness is cheap, and readiness shows whether the service can serve",
    ),
    of(
        "HLTH-3",
        "Age of health results",
        "Health results are fresh, and a stale result is not ready",
    ),
    of(
        "HLTH-4",
        "Health of workers",
        "Workers and consumers report progress",
    ),
    of(
        "HLTH-5",
        "Cost of health paths",
        "Health routes need no authentication and have no rate limit",
    ),
    of(
        "OBS-1",
        "Logs",
        "Logs are structured and go to standard output",
    ),
    of(
        "OBS-2",
        "Fields of logs",
        "Every log line has the service, version and request ID",
    ),
    of(
        "OBS-3",
        "No secrets in logs",
        "No credential or personal data is logged",
    ),
    of(
        "OBS-4",
        "Request metrics",
        "Rate, errors and duration of requests are measured",
    ),
    of(
        "OBS-5",
        "Resource metrics",
        "Pools, queues and breakers are measured",
    ),
    of(
        "OBS-6",
        "Traces",
        "One trace follows a request through all services",
    ),
    of(
        "OBS-7",
        "Request ID",
        "One ID follows a request through logs and services",
    ),
    of(
        "OBS-8",
        "Panics",
        "A panic in a handler becomes one error response and is reported",
    ),
    of(
        "OBS-9",
        "Alerts",
        "Dashboards and alerts are in the repository",
    ),
    of(
        "OBS-11",
        "Operation log",
        "The actions of users are recorded",
    ),
    of(
        "RES-1",
        "Circuit breakers",
        "Circuit breakers stop calls to failing dependencies",
    ),
    of(
        "RES-2",
        "Retries",
        "Retries have limits and jitter, and repeat only idempotent calls",
    ),
    of(
        "RES-3",
        "Timeouts",
        "Every incoming and outgoing call has a timeout",
    ),
    of(
        "RES-4",
        "Bounded bodies",
        "Body sizes are limited before bodies are in memory",
    ),
    of(
        "RES-5",
        "Bulkheads",
        "A slow dependency does not block other calls",
    ),
    of(
        "RES-6",
        "Rate limits",
        "Requests are rate limited by a key that clients cannot forge",
    ),
    of("RES-7", "Load shedding", "Excess load is rejected early"),
    of(
        "DATA-1",
        "Connection pools",
        "Connection pools have a maximum size",
    ),
    of("DATA-2", "Migrations", "Migrations run in a separate step"),
    of(
        "DATA-3",
        "Transactions",
        "Transactions roll back on every error",
    ),
    of(
        "DATA-4",
        "Queries",
        "No SQL statement contains request text",
    ),
    of(
        "DATA-5",
        "Cache",
        "The service survives the loss of its cache",
    ),
    of(
        "DATA-6",
        "Backups",
        "Data survives its container, and restores are tested",
    ),
    of(
        "MSG-1",
        "Connection to the broker",
        "A lost connection to the broker is opened again",
    ),
    of(
        "MSG-2",
        "Publishers",
        "Startup fails if a publisher is broken",
    ),
    of(
        "MSG-3",
        "Acknowledgement",
        "Messages are acknowledged after success, and failed ones are dead-lettered",
    ),
    of(
        "MSG-4",
        "Outbox",
        "An event is stored in the same transaction as its change",
    ),
    of(
        "MSG-5",
        "Idempotent consumers",
        "A message that is delivered twice has one effect",
    ),
    of("MSG-6", "Events", "Events have a version and no test data"),
    of(
        "MSG-7",
        "Consumer limits",
        "Consumers limit their unacknowledged messages",
    ),
    of(
        "MSG-8",
        "Message headers",
        "Each message carries request ID, trace and actor",
    ),
    of(
        "CORE-2",
        "Request context",
        "Request data is stored in the context by type",
    ),
    of(
        "WORK-1",
        "Workers",
        "Workers have limits and health checks, and do not overlap",
    ),
    of("WORK-2", "Singletons", "Singleton jobs run on one replica"),
    of(
        "AUTH-1",
        "Tokens",
        "Tokens are verified completely, and wrong claims are rejected",
    ),
    of(
        "AUTH-2",
        "Passwords",
        "Passwords have a slow hash, and login attempts are limited",
    ),
    of(
        "AUTH-3",
        "Sessions",
        "Sessions are short and can be revoked",
    ),
    of("AUTH-5", "Authorization", "Routes deny access by default"),
    of(
        "AUTH-6",
        "Calls between systems",
        "Calls of other systems are verified",
    ),
    of(
        "SEC-1",
        "Encrypted links",
        "Links between services are encrypted",
    ),
    of("SEC-2", "CORS", "CORS allows only listed origins"),
    of(
        "SEC-3",
        "Listener limits",
        "Listeners limit bodies, headers and slow clients",
    ),
    of(
        "SEC-4",
        "Errors and headers",
        "Responses have security headers and no internal details",
    ),
    of(
        "SEC-5",
        "Encryption at rest",
        "Encryption uses standard algorithms and key management",
    ),
    of(
        "SEC-6",
        "Client address",
        "The client's address comes from trusted proxies only",
    ),
    of(
        "SEC-7",
        "Secrets",
        "No credential is in the repository or the image",
    ),
    of(
        "SEC-8",
        "Supply chain",
        "Dependencies are pinned and checked",
    ),
    of("API-1", "Contract", "The API has a written contract"),
    of(
        "API-2",
        "Errors",
        "Errors have one format and no internal details",
    ),
    of("API-3", "Input", "Input is validated at the edge"),
    of(
        "API-4",
        "Interface documents",
        "API documents are served in development only",
    ),
    of("API-5", "Batch calls", "Lists have a batch form"),
    of(
        "API-6",
        "Idempotency keys",
        "A repeated unsafe call has one effect",
    ),
    of(
        "FLAG-1",
        "Feature flags",
        "Flags are defined, read, temporary and stable for a user",
    ),
    of(
        "FILE-1",
        "Uploads",
        "Uploads are bounded, checked by content and private",
    ),
    of(
        "SHIP-1",
        "Image",
        "The image is small and pinned, and runs without privileges",
    ),
    of(
        "SHIP-2",
        "Compose",
        "Compose files publish no more than needed, with limits and health checks",
    ),
    of(
        "SHIP-3",
        "Kubernetes",
        "Workloads have limits, restricted rights and more than one replica",
    ),
    of(
        "SHIP-4",
        "Runbooks",
        "Operation, rollback and incident response are documented",
    ),
    of(
        "SHIP-5",
        "Continuous integration",
        "Every change is formatted, linted, tested and scanned",
    ),
    of(
        "SHIP-6",
        "Load and chaos tests",
        "Load and failure are tested",
    ),
];

/// Requirements that files cannot show. The team checks them before production.
pub(crate) const BY_HAND: &[&str] = &[
    "A backup restore was tested, within the allowed downtime",
    "A load test with twice the expected traffic ran on production sizes",
    "Each dependency was stopped once while the service ran",
    "A release was rolled back once, including the database",
    "Alerts reach a person who is on call, and each alert has a runbook",
    "Service level objectives are agreed and reviewed",
    "Access to production is limited, personal, and recorded",
    "Credentials can be rotated without a release, and were rotated once",
];

#[cfg(test)]
mod tests;
