use seaworthy::{
    axum::{extract::State, http::StatusCode, routing::get},
    health::Health,
    prelude::{Access, Json, RouteOptions, Routes},
};
use serde_json::{Value, json};

use crate::upstream::Upstreams;

/// Returns the probes of the interface. The framework adds its own probes.
pub(super) fn routes(upstreams: Upstreams, health: Health) -> Routes {
    let options = || RouteOptions::new().access(Access::Public).probe();
    Routes::new()
        .route_with("/healthz", get(async || "OK"), options())
        .route_with("/api/healthz", get(async || "OK"), options())
        .route_with("/readyz", get(ready), options())
        .with_state((upstreams, health))
}

/// Responds whether the gateway accepts traffic. The health of upstream services is information
/// only, because the gateway serves degraded pages without them (HLTH-2).
async fn ready(
    State((upstreams, health)): State<(Upstreams, Health)>,
) -> (StatusCode, Json<Value>) {
    let checks = upstreams.health().await;
    let (status, text) = match health.readiness().accepts_traffic() {
        true => (StatusCode::OK, "ready"),
        false => (StatusCode::SERVICE_UNAVAILABLE, "not_ready"),
    };
    (status, Json(json!({ "status": text, "checks": checks })))
}
