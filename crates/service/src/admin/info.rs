use axum::{extract::State, response::Json};
use seaworthy_http::Routes;
use serde_json::{Value, json};

use super::AdminState;

pub(super) fn routes() -> Routes<AdminState> {
    Routes::new().get("/info", info)
}

/// Describes the service.
async fn info(State(state): State<AdminState>) -> Json<Value> {
    let identity = &state.parts.identity;
    Json(json!({
        "name": identity.name(),
        "version": identity.version(),
        "instance": identity.instance(),
        "profile": state.parts.profile.name(),
        "health": state.parts.health.report(),
        "tasks": state.parts.tasks.names(),
        "routes": state.public_routes(),
    }))
}
