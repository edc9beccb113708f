use axum::{extract::State, response::Json};
use seaworthy_core::{Code, Error};
use seaworthy_http::Routes;
use serde_json::{Value, json};

use super::AdminState;

pub(super) fn routes() -> Routes<AdminState> {
    Routes::new()
        .get("/config", show)
        .post("/config/reload", reload)
}

/// Returns the effective settings and their sources. Secrets are masked.
async fn show(State(state): State<AdminState>) -> Json<Value> {
    Json(state.loaded().show_json())
}

/// Reloads the settings like SIGHUP, and returns the result.
async fn reload(State(state): State<AdminState>) -> Result<Json<Value>, Error> {
    match state.watcher.reload().await {
        Ok(reloaded) => Ok(Json(
            json!({ "changed": reloaded.changed, "needs_restart": reloaded.needs_restart }),
        )),
        Err(errors) => {
            let response = Error::new(
                Code::Invalid,
                "CONFIGURATION_INVALID",
                "the configuration has errors, and the previous one stays in effect",
            );
            Err(errors.iter().fold(response, |response, error| {
                response.with_field(
                    error.key(),
                    format!("{}: {}", error.origin(), error.problem()),
                )
            }))
        }
    }
}
