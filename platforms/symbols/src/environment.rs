//! Defaults that differ from the framework, and names of legacy variables.

use seaworthy::prelude::*;

/// Returns a program with the common defaults and variables.
pub(crate) fn program(name: &str) -> Service {
    let program = Service::new(name, env!("CARGO_PKG_VERSION"))
        // Existing dashboards and alerts use the prefixed names.
        .default_value("metrics.service_prefix", true);
    [
        ("LOG_LEVEL", "log.level"),
        ("LOG_FORMAT", "log.format"),
        ("DB_DSN", "database.url"),
        ("DB_MAX_IDLE_CONNS", "database.pool.min_connections"),
        ("DB_MAX_OPEN_CONNS", "database.pool.max_connections"),
        ("DB_CONN_MAX_LIFETIME", "database.pool.max_lifetime"),
        ("MQ_ADDR", "broker.url"),
        ("MQ_DIAL_TIMEOUT", "broker.rabbitmq.connect_timeout"),
        ("MQ_EXCHANGE_NAME", "broker.rabbitmq.exchange"),
        ("MQ_EXCHANGE_TYPE", "broker.rabbitmq.exchange_type"),
    ]
    .into_iter()
    .fold(program, |program, (variable, key)| {
        program.variable(variable, key)
    })
}

/// Returns the service.
pub(crate) fn service() -> Service {
    program("symbol-service")
        .variable("METRICS_PATH", "public_metrics.path")
        // Methods and cache time of CORS, for configured origins.
        .default_value("server.http.cors.max_age", "1h")
        .default_value(
            "server.http.cors.allowed_methods",
            ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"].as_slice(),
        )
}

/// Returns the worker. Its default ports differ from those of the service.
pub(crate) fn worker() -> Service {
    program("symbol-worker")
        .default_value("server.http.addr", "127.0.0.1:8001")
        .default_value("admin.addr", "127.0.0.1:9901")
        // The legacy worker waited as long for unacknowledged messages.
        .default_value("lifecycle.consumer_timeout", "15s")
        .variable("MQ_QUEUE_NAME", "queue.name")
        .variable("MQ_QUEUE_BINDING_KEY", "queue.binding_key")
        .variable("MQ_QUEUE_PREFETCH_COUNT", "queue.prefetch_count")
        .variable("MQ_QUEUE_WORKER_COUNT", "queue.worker_count")
}
