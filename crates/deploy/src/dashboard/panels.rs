use super::{
    panel::{Panel, panel},
    runtime,
};

/// Returns all panels in the order of their rows.
pub(super) fn all() -> impl Iterator<Item = &'static Panel> {
    PANELS.iter().chain(runtime::PANELS)
}

const PANELS: &[Panel] = &[
    panel(
        "Overview",
        "Replicas",
        "short",
        &["health_ready"],
        &[("sum($health_ready)", "ready"), ("count($up)", "known")],
    ),
    panel(
        "Overview",
        "HTTP requests by status",
        "reqps",
        &["http_requests_total"],
        &[(
            "sum by (status) (rate($http_requests_total[5m]))",
            "{{status}}",
        )],
    ),
    panel(
        "Overview",
        "HTTP duration",
        "s",
        &["http_request_duration_seconds"],
        &[
            (
                "histogram_quantile(0.5, sum by (le) (rate($http_request_duration_seconds_bucket[5m])))",
                "p50",
            ),
            (
                "histogram_quantile(0.99, sum by (le) (rate($http_request_duration_seconds_bucket[5m])))",
                "p99",
            ),
        ],
    ),
    panel(
        "Overview",
        "gRPC calls by status",
        "reqps",
        &["grpc_requests_total"],
        &[(
            "sum by (status) (rate($grpc_requests_total[5m]))",
            "{{status}}",
        )],
    ),
    panel(
        "Overview",
        "Failed requests by path",
        "reqps",
        &["http_requests_total"],
        &[(
            "topk(10, sum by (method, path) (rate($http_requests_total{status=~\"5..\"}[5m])))",
            "{{method}} {{path}}",
        )],
    ),
    panel(
        "Overview",
        "Requests by path",
        "reqps",
        &["http_requests_total"],
        &[(
            "topk(10, sum by (method, path) (rate($http_requests_total[5m])))",
            "{{method}} {{path}}",
        )],
    ),
    panel(
        "Overview",
        "Slowest paths, p99",
        "s",
        &["http_request_duration_seconds"],
        &[(
            "topk(10, histogram_quantile(0.99, sum by (le, method, path) (rate($http_request_duration_seconds_bucket[5m]))))",
            "{{method}} {{path}}",
        )],
    ),
    panel(
        "Overview",
        "Requests in flight and rejected",
        "short",
        &["http_requests_in_flight", "load_shed_total"],
        &[
            ("sum($http_requests_in_flight)", "in flight"),
            ("sum(rate($load_shed_total[5m]))", "rejected per second"),
        ],
    ),
    panel(
        "Overview",
        "Limit of concurrent requests",
        "short",
        &["concurrency_limit", "concurrency_in_flight"],
        &[
            ("sum by (name) ($concurrency_limit)", "{{name}} limit"),
            (
                "sum by (name) ($concurrency_in_flight)",
                "{{name}} in flight",
            ),
        ],
    ),
    panel(
        "Overview",
        "Use of the error budget (1 is sustainable)",
        "short",
        &["http_requests_total"],
        &[(
            "job:slo_burn_rate:rate1h and on (namespace, job) $up",
            "{{slo}}",
        )],
    ),
    panel(
        "Dependencies",
        "Circuit breakers (0 closed, 1 open, 2 half-open)",
        "short",
        &["circuit_breaker_state"],
        &[("max by (name) ($circuit_breaker_state)", "{{name}}")],
    ),
    panel(
        "Dependencies",
        "Database pool",
        "short",
        &[
            "database_pool_open",
            "database_pool_in_use",
            "database_pool_waiting",
            "database_pool_max_connections",
        ],
        &[
            ("sum by (name) ($database_pool_open)", "{{name}} open"),
            ("sum by (name) ($database_pool_in_use)", "{{name}} in use"),
            ("sum by (name) ($database_pool_waiting)", "{{name}} waiting"),
            (
                "sum by (name) ($database_pool_max_connections)",
                "{{name}} maximum",
            ),
        ],
    ),
    panel(
        "Dependencies",
        "Database statements, p99",
        "s",
        &["database_statement_duration_seconds"],
        &[(
            "histogram_quantile(0.99, sum by (le, operation) (rate($database_statement_duration_seconds_bucket[5m])))",
            "{{operation}}",
        )],
    ),
    panel(
        "Dependencies",
        "HTTP calls to other services",
        "reqps",
        &["http_client_requests_total"],
        &[(
            "sum by (client, outcome) (rate($http_client_requests_total[5m]))",
            "{{client}} {{outcome}}",
        )],
    ),
    panel(
        "Dependencies",
        "gRPC calls to other services",
        "reqps",
        &["grpc_client_requests_total"],
        &[(
            "sum by (client, status) (rate($grpc_client_requests_total[5m]))",
            "{{client}} {{status}}",
        )],
    ),
    panel(
        "Dependencies",
        "Failed health checks",
        "short",
        &["health_check_failures_total"],
        &[(
            "sum by (check) (increase($health_check_failures_total[5m]))",
            "{{check}}",
        )],
    ),
    panel(
        "Messages",
        "Published and failed",
        "cps",
        &[
            "messages_published_total",
            "messages_publish_failures_total",
        ],
        &[
            (
                "sum by (topic) (rate($messages_published_total[5m]))",
                "{{topic}}",
            ),
            (
                "sum by (reason) (rate($messages_publish_failures_total[5m]))",
                "failed: {{reason}}",
            ),
        ],
    ),
    panel(
        "Messages",
        "Consumed, retried and dead-lettered",
        "cps",
        &[
            "messages_consumed_total",
            "messages_retried_total",
            "messages_dead_lettered_total",
        ],
        &[
            (
                "sum by (group) (rate($messages_consumed_total[5m]))",
                "{{group}}",
            ),
            (
                "sum by (group) (rate($messages_retried_total[5m]))",
                "{{group}} retried",
            ),
            (
                "sum by (group) (rate($messages_dead_lettered_total[5m]))",
                "{{group}} dead-lettered",
            ),
        ],
    ),
    panel(
        "Messages",
        "Duration of attempts, p99",
        "s",
        &["messages_handler_duration_seconds"],
        &[(
            "histogram_quantile(0.99, sum by (le, group) (rate($messages_handler_duration_seconds_bucket[5m])))",
            "{{group}}",
        )],
    ),
    panel(
        "Messages",
        "Connected subscriptions",
        "short",
        &["consumer_connected", "consumer_paused"],
        &[
            ("sum by (group) ($consumer_connected)", "{{group}}"),
            ("sum by (group) ($consumer_paused)", "{{group}} paused"),
        ],
    ),
    panel(
        "Messages",
        "Lag of consumers",
        "short",
        &["consumer_lag"],
        &[("max by (group) ($consumer_lag)", "{{group}}")],
    ),
    panel(
        "Messages",
        "Outbox",
        "short",
        &["outbox_pending_messages", "outbox_dead_letter_messages"],
        &[
            ("max($outbox_pending_messages)", "pending"),
            ("max($outbox_dead_letter_messages)", "dead letters"),
        ],
    ),
    panel(
        "Messages",
        "Age of the oldest event in the outbox",
        "s",
        &["outbox_oldest_message_seconds"],
        &[("max($outbox_oldest_message_seconds)", "oldest")],
    ),
    panel(
        "Workers",
        "Runs and failures in an hour",
        "short",
        &["worker_runs_total", "worker_failures_total"],
        &[
            (
                "sum by (worker) (increase($worker_runs_total[1h]))",
                "{{worker}}",
            ),
            (
                "sum by (worker) (increase($worker_failures_total[1h]))",
                "{{worker}} failed",
            ),
        ],
    ),
    panel(
        "Workers",
        "Time since the last successful run",
        "s",
        &["worker_last_success_timestamp_seconds"],
        &[(
            "time() - max by (worker) ($worker_last_success_timestamp_seconds)",
            "{{worker}}",
        )],
    ),
    panel(
        "Workers",
        "Replicas that hold the lease",
        "short",
        &["worker_lease_held"],
        &[("sum by (worker) ($worker_lease_held)", "{{worker}}")],
    ),
    panel(
        "Accounts",
        "Captcha codes",
        "cps",
        &["captcha_codes_total", "captcha_codes_limited_total"],
        &[
            (
                "sum by (kind, result) (rate($captcha_codes_total[5m]))",
                "{{kind}} {{result}}",
            ),
            (
                "sum by (kind, limit) (rate($captcha_codes_limited_total[5m]))",
                "{{kind}} limited by {{limit}}",
            ),
        ],
    ),
    panel(
        "Accounts",
        "Password hashes",
        "short",
        &[
            "password_hashing_waiting",
            "password_hashing_rejected_total",
        ],
        &[
            ("sum($password_hashing_waiting)", "running or waiting"),
            (
                "sum(increase($password_hashing_rejected_total[5m]))",
                "rejected in 5 minutes",
            ),
        ],
    ),
];
