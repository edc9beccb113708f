use seaworthy::{
    axum::{
        http::StatusCode,
        response::{IntoResponse as _, Response},
    },
    data::chrono::{SecondsFormat, Utc},
    health::{CheckStatus, Health, Readiness},
    prelude::*,
};
use serde_json::{Map, Value, json};

/// Returns the probes of the contract, which the framework also serves under other paths. They
/// answer from the last results of the checks.
pub(crate) fn probes(health: &Health) -> Routes {
    let health = health.clone();
    Routes::new()
        .get("/health/live", async || {
            Json(document("healthy", Map::new()))
        })
        .get("/health/ready", async move || ready(&health))
        .with_options(|options| options.access(Access::Public).probe())
}

fn ready(health: &Health) -> Response {
    let report = health.report().without_details();
    let checks = report.checks.into_iter().map(|check| {
        let status = match check.status {
            CheckStatus::Healthy => "healthy",
            CheckStatus::Unhealthy if !check.critical => "degraded",
            CheckStatus::Unhealthy => "unhealthy",
            CheckStatus::Unknown => "unknown",
        };
        let result = json!({ "name": check.name, "status": status });
        (check.name, result)
    });
    let (status, text) = match report.status {
        Readiness::Ready => (StatusCode::OK, "healthy"),
        Readiness::Degraded => (StatusCode::OK, "degraded"),
        Readiness::NotReady => (StatusCode::SERVICE_UNAVAILABLE, "unhealthy"),
    };
    (status, Json(document(text, checks.collect()))).into_response()
}

fn document(status: &str, checks: Map<String, Value>) -> Value {
    let timestamp = Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true);
    json!({ "status": status, "timestamp": timestamp, "checks": checks })
}
