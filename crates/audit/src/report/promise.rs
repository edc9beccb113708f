//! The promises of the catalogue in one sentence each, as a checklist needs them.

/// A promise.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Promise {
    /// The catalogue's ID.
    pub(crate) id: &'static str,
    /// What it is about, in a few words.
    pub(crate) topic: &'static str,
    /// What is so when it is kept.
    pub(crate) sentence: &'static str,
}

/// The promise with an ID.
pub(crate) fn promise(id: &str) -> Option<&'static Promise> {
    PROMISES.iter().find(|promise| promise.id == id)
}

const fn of(id: &'static str, topic: &'static str, sentence: &'static str) -> Promise {
    Promise {
        id,
        topic,
        sentence,
    }
}

/// Every promise that files may show something of, in the catalogue's order.
const PROMISES: &[Promise] = &[
    of(
        "CONF-1",
        "Configuration layers",
        "Configuration has layers, and a wrong key is an error at start",
    ),
    of(
        "CONF-2",
        "Profiles",
        "Each environment has its own configuration, and production never reads that of development",
    ),
    of(
        "CONF-3",
        "Safe settings",
        "No unsafe setting is on in production",
    ),
    of(
        "CONF-5",
        "Credentials by reference",
        "Every credential comes from outside, and none has a default",
    ),
    of(
        "CONF-6",
        "Settings",
        "Settings are documented, and each is read",
    ),
    of(
        "CONF-7",
        "Addresses",
        "Addresses are settings, and none is the local machine",
    ),
    of(
        "LIFE-1",
        "Failing at start",
        "A failed start ends with an error and not with a panic",
    ),
    of(
        "LIFE-2",
        "Connecting at start",
        "Dependencies are connected with retries, and one that cannot be made is an error",
    ),
    of(
        "LIFE-3",
        "Eager start",
        "Nothing is initialised by the first request",
    ),
    of(
        "LIFE-4",
        "Graceful stop",
        "A stop finishes what was accepted, within a bound",
    ),
    of(
        "LIFE-5",
        "Owned tasks",
        "Every background task has an owner that stops it and sees it fail",
    ),
    of(
        "LIFE-6",
        "Deadlines",
        "Deadlines and cancellation travel with each request",
    ),
    of(
        "LIFE-7",
        "Degraded mode",
        "The loss of an optional dependency does not take the service",
    ),
    of(
        "HLTH-1",
        "Probes",
        "Probes exist, and ask paths, ports and programs that are there",
    ),
    of(
        "HLTH-2",
        "Liveness and readiness",
        "Liveness is cheap, and readiness tells whether requests can be answered",
    ),
    of(
        "HLTH-3",
        "Age of health results",
        "Health results are fresh, and a stale one is not ready",
    ),
    of(
        "HLTH-4",
        "Health of workers",
        "Workers and consumers show that they make progress",
    ),
    of(
        "HLTH-5",
        "Cost of health paths",
        "Health paths pass by authentication and limits",
    ),
    of(
        "OBS-1",
        "Logs",
        "Logs are structured and go to standard output",
    ),
    of(
        "OBS-2",
        "Fields of logs",
        "Every line of the log tells service, version and request",
    ),
    of(
        "OBS-3",
        "Nothing secret in logs",
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
        "A panic in a handler is one plain error and is reported",
    ),
    of(
        "OBS-9",
        "Alerts",
        "Dashboards and alerts are in the repository",
    ),
    of("OBS-11", "Operation log", "Who did what is recorded"),
    of(
        "RES-1",
        "Circuit breakers",
        "A dependency that fails is left alone for a while",
    ),
    of(
        "RES-2",
        "Retries",
        "Retries are bounded, spread, and only where a repeat does no harm",
    ),
    of(
        "RES-3",
        "Timeouts",
        "Every call in and out has a time limit",
    ),
    of(
        "RES-4",
        "Bounded bodies",
        "Bodies are bounded before they are in memory",
    ),
    of(
        "RES-5",
        "Bulkheads",
        "One slow dependency cannot take the rest",
    ),
    of(
        "RES-6",
        "Rate limits",
        "Requests are limited, by a key that the caller cannot choose",
    ),
    of("RES-7", "Load shedding", "Too much load is refused early"),
    of(
        "DATA-1",
        "Connection pools",
        "Pools of connections are bounded",
    ),
    of("DATA-2", "Migrations", "Migrations run as their own step"),
    of(
        "DATA-3",
        "Transactions",
        "Transactions roll back on every error",
    ),
    of("DATA-4", "Queries", "No text of a caller reaches a query"),
    of("DATA-5", "Cache", "The loss of the cache is survived"),
    of(
        "DATA-6",
        "Backups",
        "Data outlives its container, and a restore is tested",
    ),
    of(
        "MSG-2",
        "Publishers",
        "A publisher that cannot work is an error at start",
    ),
    of(
        "MSG-3",
        "Acknowledgement",
        "A message is acknowledged after success, and a failed one is kept",
    ),
    of(
        "MSG-4",
        "Outbox",
        "An event is stored together with the change that it tells of",
    ),
    of(
        "MSG-5",
        "Idempotent consumers",
        "A message that comes twice has one effect",
    ),
    of("MSG-6", "Events", "Events have a version and no test data"),
    of(
        "MSG-7",
        "Consumer limits",
        "Consumers take no more than they can work on",
    ),
    of(
        "MSG-8",
        "Message headers",
        "Request, trace and actor travel with each message",
    ),
    of(
        "CORE-2",
        "Request context",
        "What belongs to a request travels by type",
    ),
    of(
        "WORK-1",
        "Workers",
        "Workers are bounded, watched, and do not overlap",
    ),
    of("WORK-2", "Singletons", "A job that must run once runs once"),
    of(
        "AUTH-1",
        "Tokens",
        "Tokens are verified whole, and a wrong claim is refused",
    ),
    of(
        "AUTH-2",
        "Passwords",
        "Passwords are hashed slowly, and guessing is limited",
    ),
    of(
        "AUTH-3",
        "Sessions",
        "Sessions are short and can be revoked",
    ),
    of(
        "AUTH-5",
        "Authorization",
        "Routes deny unless something allows",
    ),
    of(
        "SEC-1",
        "Encrypted links",
        "Links between services are encrypted",
    ),
    of(
        "SEC-2",
        "CORS",
        "Only named origins may call from a browser",
    ),
    of(
        "SEC-3",
        "Listener limits",
        "Listeners bound bodies, headers and slow clients",
    ),
    of(
        "SEC-4",
        "Errors and headers",
        "Answers carry security headers and no internals",
    ),
    of(
        "SEC-5",
        "Encryption at rest",
        "Keys and encrypted data are handled by standard means",
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
    of(
        "API-1",
        "Contract",
        "The interface is written down as a contract",
    ),
    of(
        "API-2",
        "Errors",
        "Errors have one form and show no internals",
    ),
    of("API-3", "Input", "Input is validated at the edge"),
    of(
        "API-4",
        "Interface documents",
        "Interface documents are served, in development only",
    ),
    of("API-5", "Batch calls", "Lists have a batch form"),
    of(
        "API-6",
        "Idempotency keys",
        "A repeated unsafe call has one effect",
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
        "Operation, rollback and incidents are written down",
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

/// What no file shows; a person answers it before production.
pub(crate) const BY_HAND: &[&str] = &[
    "A restore of the backup was tested, and took no longer than the service may be down",
    "A load test at twice the expected traffic was run on the production sizes",
    "Each dependency was taken away once while the service ran",
    "A release was rolled back once, database included",
    "Alerts reach a person who is on call, and each alert has a runbook",
    "Service level objectives are agreed, and somebody looks at them",
    "Access to production is limited, personal, and recorded",
    "Credentials can be changed without a release, and were changed once",
];

#[cfg(test)]
mod tests {
    use super::{PROMISES, promise};
    use crate::rule::rules;

    #[test]
    fn every_rule_belongs_to_a_promise_of_the_checklist() {
        for rule in rules() {
            assert!(
                promise(rule.metadata.promise()).is_some(),
                "{}: add the promise to report/promise.rs",
                rule.metadata.id
            );
        }
    }

    #[test]
    fn every_promise_stands_in_the_catalogue() {
        let catalogue = include_str!("../../../../docs/catalogue.md");
        for promise in PROMISES {
            assert!(
                catalogue.contains(&format!("| {} |", promise.id)),
                "{} is not in docs/catalogue.md",
                promise.id
            );
        }
    }
}
