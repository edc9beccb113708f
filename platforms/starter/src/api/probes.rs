use std::time::{Duration, Instant};

use seaworthy::{
    axum::{
        http::StatusCode,
        response::{IntoResponse as _, Response},
    },
    data::chrono::{DateTime, SecondsFormat, TimeDelta, Utc},
    health::{CheckStatus, Health, Readiness},
    prelude::*,
};
use serde_json::{Map, Value, json};

/// Returns the probes of the contract, which the framework also serves under other paths. They
/// respond with the last results of the checks. Errors and other details of checks are on the admin
/// listener only.
pub(crate) fn probes(health: &Health) -> Routes {
    let (all, health) = (health.clone(), health.clone());
    Routes::new()
        .get("/health", async move || ready(&all))
        .get("/health/live", async || {
            Json(document("healthy", Map::new(), Instant::now()))
        })
        .get("/health/ready", async move || ready(&health))
        .with_options(|options| options.access(Access::Public).probe())
}

fn ready(health: &Health) -> Response {
    let begin = Instant::now();
    let report = health.report();
    let now = Utc::now();
    let checks = report.checks.into_iter().map(|check| {
        let status = match check.status {
            CheckStatus::Healthy => "healthy",
            CheckStatus::Unhealthy if !check.critical => "degraded",
            CheckStatus::Unhealthy => "unhealthy",
            CheckStatus::Unknown => "unknown",
        };
        let age = i64::try_from(check.age_ms.unwrap_or_default()).unwrap_or_default();
        let checked = now - TimeDelta::try_milliseconds(age).unwrap_or_default();
        let latency = check.latency_ms.unwrap_or_default();
        let duration = Duration::try_from_secs_f64(latency / 1_000.0).unwrap_or_default();
        let result = json!({
            "name": check.name,
            "status": status,
            "message": message(status),
            "details": {},
            "timestamp": timestamp(checked),
            "duration": format!("{duration:?}"),
        });
        (check.name, result)
    });
    let (status, text) = match report.status {
        Readiness::Ready => (StatusCode::OK, "healthy"),
        Readiness::Degraded => (StatusCode::OK, "degraded"),
        Readiness::NotReady => (StatusCode::SERVICE_UNAVAILABLE, "unhealthy"),
    };
    let document = document(text, checks.collect(), begin);
    (status, Json(document)).into_response()
}

fn document(status: &str, checks: Map<String, Value>, begin: Instant) -> Value {
    json!({
        "status": status,
        "message": message(status),
        "timestamp": timestamp(Utc::now()),
        "duration": format!("{:?}", begin.elapsed()),
        "checks": checks,
    })
}

fn timestamp(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn message(status: &str) -> &'static str {
    match status {
        "healthy" => "healthy",
        "degraded" => "degraded",
        "unknown" => "no current result",
        _ => "not healthy",
    }
}
