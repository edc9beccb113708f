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
    caller::Caller,
    moment,
    refusal::Refusal,
    shapes::{JoinState, join_status},
    upstream::{Joined, Upstreams},
};

/// A key is a word of the client's; longer ones are no keys.
const LONGEST_KEY: usize = 255;

/// Takes a place. Somebody who has one already is told so.
pub(super) async fn join(
    State(upstreams): State<Upstreams>,
    caller: Caller,
    headers: HeaderMap,
    EventId(id): EventId,
) -> Result<Json<JoinState>, Refusal> {
    let key = idempotency_key(&headers)?;
    let user = user(&caller)?;
    let event_id = id.to_string();
    match upstreams.join(&caller, event_id.clone(), key).await {
        Ok(joined) => Ok(state(event_id, user, &joined)),
        Err(status) if reason(&status) == "STATE_ALREADY_REACHED" => {
            let part = upstreams.participation(&caller, &event_id).await?;
            let updated = moment::of(part.joined_at.as_ref());
            let joined = Joined {
                status: part.status(),
                updated: updated.unwrap_or_else(chrono::Utc::now),
            };
            Ok(state(event_id, user, &joined))
        }
        Err(status) => Err(refused(&status)),
    }
}

/// Gives it back.
pub(super) async fn cancel(
    State(upstreams): State<Upstreams>,
    caller: Caller,
    headers: HeaderMap,
    EventId(id): EventId,
) -> Result<Json<JoinState>, Refusal> {
    let key = idempotency_key(&headers)?;
    let user = user(&caller)?;
    let event_id = id.to_string();
    let canceled = upstreams.cancel_join(&caller, event_id.clone(), key).await;
    let canceled = canceled.map_err(|status| refused(&status))?;
    Ok(state(event_id, user, &canceled))
}

fn state(event_id: String, user_id: String, joined: &Joined) -> Json<JoinState> {
    Json(JoinState {
        event_id,
        user_id,
        status: join_status(joined.status),
        updated_at: moment::text(joined.updated),
    })
}

fn reason(status: &Status) -> String {
    from_status(status).reason().to_owned()
}

fn refused(status: &Status) -> Refusal {
    match reason(status).as_str() {
        "IDEMPOTENCY_KEY_MISMATCH" => Refusal::new(
            StatusCode::CONFLICT,
            "conflict_state",
            "the Idempotency-Key was used for something else",
        )
        .because(from_status(status)),
        _ => Refusal::of_status(status),
    }
}

fn idempotency_key(headers: &HeaderMap) -> Result<String, Refusal> {
    let key = ["x-idempotency-key", "idempotency-key"]
        .iter()
        .find_map(|name| headers.get(*name))
        .and_then(|value| value.to_str().ok())
        .map(str::trim)
        .filter(|key| !key.is_empty() && key.len() <= LONGEST_KEY);
    key.map(str::to_owned)
        .ok_or_else(|| Refusal::invalid("the header Idempotency-Key is missing"))
}

fn user(caller: &Caller) -> Result<String, Refusal> {
    caller.user.clone().ok_or_else(Refusal::unknown_caller)
}
