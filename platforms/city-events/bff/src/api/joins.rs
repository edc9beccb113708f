use seaworthy::{
    axum::{
        extract::State,
        http::{HeaderMap, StatusCode},
    },
    contract::error::from_status,
    prelude::Json,
};
use tonic::Status;

use super::EventId;
use crate::{
    api_error::ApiError,
    caller::Caller,
    responses::{JoinState, join_status},
    timestamp,
    upstream::{JoinOutcome, Upstreams},
};

/// The maximum length of an idempotency key, in bytes.
const MAX_KEY_LENGTH: usize = 255;

/// Joins an event. Returns the current state if the caller has already joined.
pub(super) async fn join(
    State(upstreams): State<Upstreams>,
    caller: Caller,
    headers: HeaderMap,
    EventId(id): EventId,
) -> Result<Json<JoinState>, ApiError> {
    let key = idempotency_key(&headers)?;
    let user = caller.require_user()?.to_owned();
    let event_id = id.to_string();
    match upstreams.join(&caller, event_id.clone(), key).await {
        Ok(joined) => Ok(state(event_id, user, &joined)),
        Err(status) if reason(&status) == "STATE_ALREADY_REACHED" => {
            let participation = upstreams.participation(&caller, &event_id).await?;
            let joined_at = timestamp::from_proto(participation.joined_at.as_ref());
            let joined = JoinOutcome {
                status: participation.status(),
                updated_at: joined_at.unwrap_or_else(chrono::Utc::now),
            };
            Ok(state(event_id, user, &joined))
        }
        Err(status) => Err(convert(&status)),
    }
}

/// Leaves an event.
pub(super) async fn cancel(
    State(upstreams): State<Upstreams>,
    caller: Caller,
    headers: HeaderMap,
    EventId(id): EventId,
) -> Result<Json<JoinState>, ApiError> {
    let key = idempotency_key(&headers)?;
    let user = caller.require_user()?.to_owned();
    let event_id = id.to_string();
    let canceled = upstreams.cancel_join(&caller, event_id.clone(), key).await;
    let canceled = canceled.map_err(|status| convert(&status))?;
    Ok(state(event_id, user, &canceled))
}

fn state(event_id: String, user_id: String, joined: &JoinOutcome) -> Json<JoinState> {
    Json(JoinState {
        event_id,
        user_id,
        status: join_status(joined.status),
        updated_at: timestamp::to_text(joined.updated_at),
    })
}

fn reason(status: &Status) -> String {
    from_status(status).reason().to_owned()
}

fn convert(status: &Status) -> ApiError {
    match reason(status).as_str() {
        "IDEMPOTENCY_KEY_MISMATCH" => ApiError::new(
            StatusCode::CONFLICT,
            "conflict_state",
            "the Idempotency-Key was used for another request: send a new key",
        )
        .with_cause(from_status(status)),
        _ => ApiError::from_upstream(status),
    }
}

fn idempotency_key(headers: &HeaderMap) -> Result<String, ApiError> {
    let key = ["x-idempotency-key", "idempotency-key"]
        .iter()
        .find_map(|name| headers.get(*name))
        .and_then(|value| value.to_str().ok())
        .map(str::trim)
        .filter(|key| !key.is_empty() && key.len() <= MAX_KEY_LENGTH);
    key.map(str::to_owned).ok_or_else(|| {
        ApiError::invalid("the header Idempotency-Key is missing or longer than 255 bytes")
    })
}
