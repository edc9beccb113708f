use city_events_contract::{Role, event::v1 as event};
use seaworthy::{
    axum::{body::Bytes, extract::State, http::StatusCode},
    prelude::Json,
};
use tonic::Status;

use super::{
    EventId,
    bodies::{EventBody, ReasonBody, read},
};
use crate::{api_error::ApiError, caller::Caller, responses::Event, upstream::Upstreams};

type EventResult = Result<Json<Event>, ApiError>;

fn respond(event: Result<event::Event, Status>) -> EventResult {
    Ok(Json(event?.into()))
}

/// Creates a draft.
pub(super) async fn create(
    State(upstreams): State<Upstreams>,
    caller: Caller,
    body: Bytes,
) -> Result<(StatusCode, Json<Event>), ApiError> {
    let body: EventBody = read(&body)?;
    let event = upstreams.create_event(&caller, body.into_create()).await?;
    Ok((StatusCode::CREATED, Json(event.into())))
}

/// Updates the given fields.
pub(super) async fn update(
    State(upstreams): State<Upstreams>,
    caller: Caller,
    EventId(id): EventId,
    body: Bytes,
) -> EventResult {
    let body: EventBody = read(&body)?;
    let request = body.into_update(id.to_string());
    respond(upstreams.update_event(&caller, request).await)
}

/// Publishes an event.
pub(super) async fn publish(
    State(upstreams): State<Upstreams>,
    caller: Caller,
    EventId(id): EventId,
) -> EventResult {
    respond(upstreams.publish_event(&caller, id.to_string()).await)
}

/// Makes a published event a draft again.
pub(super) async fn unpublish(
    State(upstreams): State<Upstreams>,
    caller: Caller,
    EventId(id): EventId,
) -> EventResult {
    let reason = String::new();
    let event = upstreams.unpublish_event(&caller, id.to_string(), reason);
    respond(event.await)
}

/// Cancels an event.
pub(super) async fn cancel(
    State(upstreams): State<Upstreams>,
    caller: Caller,
    EventId(id): EventId,
) -> EventResult {
    let reason = String::new();
    let event = upstreams.cancel_event(&caller, id.to_string(), reason);
    respond(event.await)
}

/// Cancels an event of another user, with a reason.
pub(super) async fn moderate_cancel(
    State(upstreams): State<Upstreams>,
    caller: Caller,
    EventId(id): EventId,
    body: Bytes,
) -> EventResult {
    let ReasonBody { reason } = require_moderator(&caller, &body)?;
    let event = upstreams.cancel_event(&caller, id.to_string(), reason);
    respond(event.await)
}

/// Unpublishes an event of another user, with a reason.
pub(super) async fn moderate_unpublish(
    State(upstreams): State<Upstreams>,
    caller: Caller,
    EventId(id): EventId,
    body: Bytes,
) -> EventResult {
    let ReasonBody { reason } = require_moderator(&caller, &body)?;
    let event = upstreams.unpublish_event(&caller, id.to_string(), reason);
    respond(event.await)
}

fn require_moderator(caller: &Caller, body: &Bytes) -> Result<ReasonBody, ApiError> {
    if caller.user.is_none() || caller.role < Role::Moderator {
        return Err(ApiError::new(
            StatusCode::FORBIDDEN,
            "forbidden",
            "not allowed",
        ));
    }
    read(body)
}
