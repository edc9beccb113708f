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
use crate::{caller::Caller, refusal::Refusal, shapes::Event, upstream::Upstreams};

type Changed = Result<Json<Event>, Refusal>;

fn changed(event: Result<event::Event, Status>) -> Changed {
    Ok(Json(event?.into()))
}

/// Makes a draft.
pub(super) async fn create(
    State(upstreams): State<Upstreams>,
    caller: Caller,
    body: Bytes,
) -> Result<(StatusCode, Json<Event>), Refusal> {
    let body: EventBody = read(&body)?;
    let event = upstreams.create_event(&caller, body.create()).await?;
    Ok((StatusCode::CREATED, Json(event.into())))
}

/// Changes what is given.
pub(super) async fn update(
    State(upstreams): State<Upstreams>,
    caller: Caller,
    EventId(id): EventId,
    body: Bytes,
) -> Changed {
    let body: EventBody = read(&body)?;
    let request = body.update(id.to_string());
    changed(upstreams.update_event(&caller, request).await)
}

/// Shows an event to everybody.
pub(super) async fn publish(
    State(upstreams): State<Upstreams>,
    caller: Caller,
    EventId(id): EventId,
) -> Changed {
    changed(upstreams.publish_event(&caller, id.to_string()).await)
}

/// Takes an event back.
pub(super) async fn unpublish(
    State(upstreams): State<Upstreams>,
    caller: Caller,
    EventId(id): EventId,
) -> Changed {
    let reason = String::new();
    let event = upstreams.unpublish_event(&caller, id.to_string(), reason);
    changed(event.await)
}

/// Ends an event.
pub(super) async fn cancel(
    State(upstreams): State<Upstreams>,
    caller: Caller,
    EventId(id): EventId,
) -> Changed {
    let reason = String::new();
    let event = upstreams.cancel_event(&caller, id.to_string(), reason);
    changed(event.await)
}

/// Ends an event of somebody else, and says why.
pub(super) async fn moderate_cancel(
    State(upstreams): State<Upstreams>,
    caller: Caller,
    EventId(id): EventId,
    body: Bytes,
) -> Changed {
    let ReasonBody { reason } = moderation(&caller, &body)?;
    let event = upstreams.cancel_event(&caller, id.to_string(), reason);
    changed(event.await)
}

/// Takes an event of somebody else back, and says why.
pub(super) async fn moderate_unpublish(
    State(upstreams): State<Upstreams>,
    caller: Caller,
    EventId(id): EventId,
    body: Bytes,
) -> Changed {
    let ReasonBody { reason } = moderation(&caller, &body)?;
    let event = upstreams.unpublish_event(&caller, id.to_string(), reason);
    changed(event.await)
}

fn moderation(caller: &Caller, body: &Bytes) -> Result<ReasonBody, Refusal> {
    if caller.user.is_none() || caller.role < Role::Moderator {
        return Err(Refusal::new(
            StatusCode::FORBIDDEN,
            "forbidden",
            "not allowed",
        ));
    }
    read(body)
}
