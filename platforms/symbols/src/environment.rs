//! Defaults that differ from the framework, and names of legacy variables.

use std::sync::Arc;

use seaworthy::{
    config::{LegacyKey, LegacyVariable},
    prelude::*,
};

use crate::{
    api,
    config::{SymbolsConfig, WorkerConfig},
};

/// The legacy variables of both programs.
const VARIABLES: [LegacyVariable; 11] = [
    LegacyVariable::sets("LOG_LEVEL", "log.level"),
    LegacyVariable::sets("LOG_FORMAT", "log.format"),
    LegacyVariable::sets("DB_DSN", "database.url"),
    LegacyVariable::sets("DB_MAX_IDLE_CONNS", "database.pool.min_connections"),
    LegacyVariable::sets("DB_MAX_OPEN_CONNS", "database.pool.max_connections"),
    LegacyVariable::sets("DB_CONN_MAX_LIFETIME", "database.pool.max_lifetime"),
    LegacyVariable::sets("MQ_ADDR", "broker.url"),
    LegacyVariable::sets("MQ_DIAL_TIMEOUT", "broker.rabbitmq.connect_timeout"),
    LegacyVariable::sets("MQ_EXCHANGE_NAME", "broker.rabbitmq.exchange"),
    LegacyVariable::sets("MQ_EXCHANGE_TYPE", "broker.rabbitmq.exchange_type"),
    LegacyVariable::ignored(
        "METRICS_SERVICE_NAME",
        "remove it: metrics.service_prefix adds the name of the service",
    ),
];

/// The section that every configuration file of the legacy service has.
const LEGACY_FILE: LegacyKey = LegacyKey::rejected(
    "data",
    "this is a file of the legacy service, and docs/symbols.md has the settings that replace it",
);

/// The default of requests of one caller in the window of 2 s. The legacy service had no limit, and
/// load tests send thousands of requests from one IP address.
const DEFAULT_MAX_CALLER_REQUESTS: u32 = 20_000;

/// Returns a program with the common defaults and variables.
pub(crate) fn program(name: &str) -> Service {
    Service::new(name, env!("CARGO_PKG_VERSION"))
        // Existing dashboards and alerts use the prefixed names.
        .default_value("metrics.service_prefix", true)
        .legacy_variables(VARIABLES)
        .legacy_keys([LEGACY_FILE])
}

pub(crate) fn service() -> Service {
    program("symbol-service")
        .error_renderer(Arc::new(api::rejection))
        .check_settings(SymbolsConfig::problems)
        .variable("METRICS_PATH", "public_metrics.path")
        .default_value(
            "server.http.rate_limit.requests",
            DEFAULT_MAX_CALLER_REQUESTS,
        )
        .default_value(
            "server.grpc.rate_limit.requests",
            DEFAULT_MAX_CALLER_REQUESTS,
        )
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
        .check_settings(WorkerConfig::problems)
        .default_value("server.http.addr", "127.0.0.1:8001")
        .default_value("admin.addr", "127.0.0.1:9901")
        // The legacy worker waited as long for unacknowledged messages.
        .default_value("lifecycle.consumer_timeout", "15s")
        .variable("MQ_QUEUE_NAME", "queue.name")
        .variable("MQ_QUEUE_BINDING_KEY", "queue.binding_key")
        .variable("MQ_QUEUE_PREFETCH_COUNT", "queue.prefetch_count")
        .variable("MQ_QUEUE_WORKER_COUNT", "queue.worker_count")
}
