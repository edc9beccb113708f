//! Alerts on dependencies.

use super::{
    Alert, Severity, TriageStep,
    series::{
        ABOVE, AT_MOST,
        Level::Number,
        Values::{Constant, Growth, Interrupted},
    },
};

const BREAKERS: TriageStep = TriageStep::Admin(
    "/breakers",
    "the state and the last failures of each dependency",
);

/// Alerts on an optional server, and the section of its settings. The metrics are also
/// registered if the server is not configured.
pub(super) const SECTIONS: &[(&str, &str)] = &[
    ("RateLimiterErrors", "redis"),
    ("FlagSourceStale", "remote"),
];

pub(super) const ALERTS: &[Alert] = &[
    Alert {
        name: "BreakerOpen",
        required_metrics: &["circuit_breaker_state", "circuit_breaker_calls_total"],
        // Without calls an open breaker never changes its state, and no user waits for it.
        expression: "max by (namespace, job, instance, name) ($circuit_breaker_state) > % and sum by (namespace, job, instance, name) (increase($circuit_breaker_calls_total{outcome=\"rejected\"}[5m])) > 0",
        threshold: 0.0,
        for_duration: "5m",
        severity: Severity::Page,
        summary: "rejects calls to a dependency: {{ $labels.name }}",
        meaning: "A circuit breaker is open or half-open for five minutes, and the service rejects calls to this dependency, because recent calls failed or were slow. An open breaker without calls does not fire the alert.",
        causes: &[
            "The dependency is down, overloaded or unreachable.",
            "An operator holds the breaker open: the report has the reason and the expiry.",
        ],
        triage: &[
            BREAKERS,
            TriageStep::Open("/readyz", "whether the service still accepts traffic"),
            TriageStep::Open(
                "/metrics",
                "`circuit_breaker_state`, also of the Redis of each rate limit, such as `server/redis`",
            ),
        ],
        fires: &[
            (
                "$circuit_breaker_state{instance=\"a\",name=\"ledger\"}",
                Constant(ABOVE),
            ),
            (
                "$circuit_breaker_calls_total{instance=\"a\",name=\"ledger\",outcome=\"rejected\"}",
                Growth(Number(1)),
            ),
        ],
        silent: &[
            &[
                (
                    "$circuit_breaker_state{instance=\"a\",name=\"ledger\"}",
                    Constant(AT_MOST),
                ),
                (
                    "$circuit_breaker_calls_total{instance=\"a\",name=\"ledger\",outcome=\"rejected\"}",
                    Growth(Number(1)),
                ),
            ],
            &[
                (
                    "$circuit_breaker_state{instance=\"a\",name=\"ledger\"}",
                    Interrupted(ABOVE, AT_MOST),
                ),
                (
                    "$circuit_breaker_calls_total{instance=\"a\",name=\"ledger\",outcome=\"rejected\"}",
                    Growth(Number(1)),
                ),
            ],
            &[
                (
                    "$circuit_breaker_state{instance=\"a\",name=\"ledger\"}",
                    Constant(ABOVE),
                ),
                (
                    "$circuit_breaker_calls_total{instance=\"a\",name=\"ledger\",outcome=\"rejected\"}",
                    Constant(Number(7)),
                ),
                (
                    "$circuit_breaker_calls_total{instance=\"a\",name=\"ledger\",outcome=\"allowed\"}",
                    Growth(Number(1)),
                ),
            ],
        ],
    },
    Alert {
        name: "DatabasePoolExhausted",
        required_metrics: &[
            "database_pool_waiting",
            "database_pool_in_use",
            "database_pool_max_connections",
        ],
        expression: "$database_pool_waiting > % and $database_pool_in_use >= $database_pool_max_connections",
        threshold: 0.0,
        for_duration: "2m",
        severity: Severity::Page,
        summary: "waits for connections of its pool {{ $labels.name }}",
        meaning: "All connections of the pool are in use, and statements wait. Requests become slow and fail after the timeout of the pool.",
        causes: &[
            "Slow statements: the dashboard shows their duration by operation.",
            "Transactions that stay open during calls to other services.",
            "A pool that is too small for the traffic: max_connections of the database settings.",
        ],
        triage: &[
            TriageStep::Open(
                "/metrics",
                "`database_pool_in_use`, `database_pool_waiting` and `database_statement_duration_seconds`",
            ),
            BREAKERS,
        ],
        fires: &[
            (
                "$database_pool_waiting{instance=\"a\",name=\"database\"}",
                Constant(ABOVE),
            ),
            (
                "$database_pool_in_use{instance=\"a\",name=\"database\"}",
                Constant(Number(10)),
            ),
            (
                "$database_pool_max_connections{instance=\"a\",name=\"database\"}",
                Constant(Number(10)),
            ),
        ],
        silent: &[
            &[
                (
                    "$database_pool_waiting{instance=\"a\",name=\"database\"}",
                    Constant(AT_MOST),
                ),
                (
                    "$database_pool_in_use{instance=\"a\",name=\"database\"}",
                    Constant(Number(10)),
                ),
                (
                    "$database_pool_max_connections{instance=\"a\",name=\"database\"}",
                    Constant(Number(10)),
                ),
            ],
            &[
                (
                    "$database_pool_waiting{instance=\"a\",name=\"database\"}",
                    Constant(ABOVE),
                ),
                (
                    "$database_pool_in_use{instance=\"a\",name=\"database\"}",
                    Constant(Number(9)),
                ),
                (
                    "$database_pool_max_connections{instance=\"a\",name=\"database\"}",
                    Constant(Number(10)),
                ),
            ],
        ],
    },
    Alert {
        name: "RateLimiterErrors",
        required_metrics: &["rate_limit_errors_total"],
        expression: "sum by (namespace, job, name) (increase($rate_limit_errors_total[5m])) > %",
        threshold: 0.0,
        for_duration: "5m",
        severity: Severity::Ticket,
        summary: "cannot reach the Redis of its rate limit {{ $labels.name }}",
        meaning: "The Redis of a rate limit does not respond. The setting on_failure decides whether requests are rejected, accepted or counted per replica.",
        causes: &[
            "Redis is down or unreachable.",
            "The password of Redis changed.",
        ],
        triage: &[TriageStep::Open(
            "/metrics",
            "`circuit_breaker_state` of the Redis of each rate limit, such as `server/redis`",
        )],
        fires: &[(
            "$rate_limit_errors_total{instance=\"a\",name=\"login\"}",
            Growth(ABOVE),
        )],
        silent: &[
            &[(
                "$rate_limit_errors_total{instance=\"a\",name=\"login\"}",
                Constant(Number(7)),
            )],
            &[],
        ],
    },
    Alert {
        name: "FlagSourceStale",
        required_metrics: &["feature_flag_source_stale"],
        expression: "$feature_flag_source_stale > 0",
        threshold: 0.0,
        for_duration: "15m",
        severity: Severity::Ticket,
        summary: "receives no feature flags from its server",
        meaning: "The flag server does not respond, so the last known flags apply. A kill switch on that server has no effect.",
        causes: &["The flag server is down or unreachable."],
        triage: &[BREAKERS],
        fires: &[(
            "$feature_flag_source_stale{instance=\"a\"}",
            Constant(Number(1)),
        )],
        silent: &[
            &[(
                "$feature_flag_source_stale{instance=\"a\"}",
                Interrupted(Number(1), Number(0)),
            )],
            &[],
        ],
    },
    Alert {
        name: "FlagOverrideOld",
        required_metrics: &["feature_flag_oldest_override_seconds"],
        expression: "max by (namespace, job) ($feature_flag_oldest_override_seconds) > %",
        threshold: 86_400.0,
        for_duration: "15m",
        severity: Severity::Ticket,
        summary: "has had an override of a feature flag for more than a day",
        meaning: "An override is for an incident. Overrides expire within 24 hours, except those of kill switches, so a kill switch has been overridden for longer than a day. The part that it governs stays on or off.",
        causes: &[
            "The incident is over, and the override was not removed: run `kubectl exec deployment/NAME -- /service flags unset FLAG --reason REASON --actor YOU --config /etc/NAME`.",
            "The change should be permanent: write it into the flag files, and remove the override.",
        ],
        triage: &[TriageStep::Admin(
            "/flags",
            "each override with its operator, reason, time and expiry",
        )],
        fires: &[(
            "$feature_flag_oldest_override_seconds{instance=\"a\"}",
            Constant(ABOVE),
        )],
        silent: &[
            &[(
                "$feature_flag_oldest_override_seconds{instance=\"a\"}",
                Constant(AT_MOST),
            )],
            &[],
        ],
    },
];
