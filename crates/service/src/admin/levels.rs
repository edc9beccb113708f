use axum::extract::State;
use schemars::JsonSchema;
use seaworthy_core::{Code, Error, Timeout};
use seaworthy_http::{Json, Query, Routes};
use seaworthy_telemetry::logs::{Level, LevelReport};
use serde::Deserialize;

use super::AdminState;

/// The default of `expires_in`: enough to find a fault, and a forgotten change costs little.
const DEFAULT_DURATION: Timeout = Timeout::from_secs(15 * 60);
/// The maximum of `expires_in`. Set a longer change in the configuration.
const MAX_DURATION: Timeout = Timeout::from_secs(24 * 60 * 60);

/// Maximum size of a module path, in bytes: four times the longest path in use.
const MAX_TARGET: usize = 256;
/// Maximum number of changes in effect. Every log line is compared with each of them.
const MAX_CHANGES: usize = 64;

pub(super) fn routes() -> Routes<AdminState> {
    Routes::new()
        .get("/log-level", report)
        .put("/log-level", change)
        .delete("/log-level", reset)
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Change {
    /// The prefix of the module path. Not set: all modules.
    #[serde(default)]
    target: String,
    level: Level,
    reason: String,
    #[serde(default)]
    expires_in: Option<Timeout>,
}

#[derive(Debug, Deserialize)]
struct LevelQuery {
    #[serde(default)]
    target: String,
}

async fn report(State(state): State<AdminState>) -> Json<LevelReport> {
    Json(state.parts.telemetry.logs().levels().report())
}

async fn change(
    State(state): State<AdminState>,
    Json(change): Json<Change>,
) -> Result<Json<LevelReport>, Error> {
    if change.reason.trim().is_empty() {
        return Err(
            Error::new(Code::Invalid, "REASON_REQUIRED", "a change needs a reason")
                .with_field("reason", "must not be empty"),
        );
    }
    let duration = change.expires_in.unwrap_or(DEFAULT_DURATION);
    if duration > MAX_DURATION {
        let message = "set a longer change in the configuration";
        return Err(Error::new(Code::Invalid, "TOO_LONG", message)
            .with_field("expires_in", format!("must be at most {MAX_DURATION}")));
    }
    if change.target.len() > MAX_TARGET {
        return Err(Error::new(
            Code::Invalid,
            "TARGET_NOT_FOUND",
            "the target is too long for a module path",
        )
        .with_field("target", format!("must be at most {MAX_TARGET} bytes")));
    }
    tracing::warn!(target_changed = change.target, level = %change.level, reason = change.reason, %duration, "operator changed a log level");
    let levels = state.parts.telemetry.logs().levels();
    if levels.report().overrides.len() >= MAX_CHANGES {
        let message = "too many changes are in effect: reset one first";
        return Err(Error::new(Code::Exhausted, "TOO_MANY_CHANGES", message));
    }
    levels.set(&change.target, change.level, duration.get(), &change.reason);
    Ok(Json(levels.report()))
}

async fn reset(
    State(state): State<AdminState>,
    Query(query): Query<LevelQuery>,
) -> Result<Json<LevelReport>, Error> {
    let levels = state.parts.telemetry.logs().levels();
    if !levels.reset(&query.target) {
        return Err(Error::new(
            Code::NotFound,
            "CHANGE_NOT_FOUND",
            "no change of this target is in effect",
        ));
    }
    tracing::warn!(target_changed = query.target, "operator reset a log level");
    Ok(Json(levels.report()))
}
