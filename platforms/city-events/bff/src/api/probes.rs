use seaworthy::{
    axum::{extract::State, http::StatusCode, routing::get},
    health::Health,
    prelude::{Access, Json, RouteOptions, Routes},
};
use serde_json::{Value, json};

use crate::upstream::Upstreams;

/// The probes that clients of the interface know; those of the stack stand beside them.
pub(super) fn routes(upstreams: Upstreams, health: Health) -> Routes {
    let options = || RouteOptions::new().access(Access::Public).probe();
    Routes::new()
        .route_with("/healthz", get(async || "OK"), options())
        .route_with("/api/healthz", get(async || "OK"), options())
        .route_with("/readyz", get(ready), options())
        .with_state((upstreams, health))
}

/// Whether this service can serve. How those behind it are is told and decides nothing: a page without them is better than none (HLTH-2).
async fn ready(
    State((upstreams, health)): State<(Upstreams, Health)>,
) -> (StatusCode, Json<Value>) {
    let checks = upstreams.standings().await;
    let (status, word) = match health.readiness().accepts_traffic() {
        true => (StatusCode::OK, "ready"),
        false => (StatusCode::SERVICE_UNAVAILABLE, "not_ready"),
    };
    (status, Json(json!({ "status": word, "checks": checks })))
}
