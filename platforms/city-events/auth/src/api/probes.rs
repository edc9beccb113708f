use seaworthy::{
    axum::{
        http::StatusCode,
        response::{IntoResponse as _, Response},
    },
    health::Health,
    prelude::*,
};
use serde_json::{Value, json};

/// Returns the probe routes of the contract.
pub(super) fn routes(health: &Health) -> Routes {
    let health = health.clone();
    Routes::new()
        .get("/healthz", async || Json(alive()))
        .get("/auth/v1/health", async || Json(alive()))
        .get("/readyz", async move || ready(&health))
        .with_options(|options| options.access(Access::Public).probe())
}

fn alive() -> Value {
    json!({ "status": "ok" })
}

fn ready(health: &Health) -> Response {
    if health.readiness().accepts_traffic() {
        return Json(json!({ "status": "ready" })).into_response();
    }
    let body = json!({ "status": "unavailable", "error": "database unavailable" });
    (StatusCode::SERVICE_UNAVAILABLE, Json(body)).into_response()
}
