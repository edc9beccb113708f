//! Participants of an event, for its organizer and moderators. The join service authorizes calls.

use chrono::{DateTime, Utc};
use seaworthy::{
    axum::{
        body::Bytes,
        extract::{Path, State, rejection::PathRejection},
        http::StatusCode,
    },
    prelude::Json,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{EventId, bodies::read, query::QueryPairs};
use crate::{
    api_error::ApiError,
    caller::Caller,
    responses::join_status,
    timestamp,
    upstream::{ParticipantList, Upstreams},
};

#[derive(Debug, Serialize)]
pub(super) struct Participant {
    event_id: String,
    user_id: String,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    joined_at: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct ParticipantPage {
    items: Vec<Participant>,
    next_cursor: String,
    has_more: bool,
}

/// The event ID and the user ID in the path.
type EventAndUser = Result<Path<(String, String)>, PathRejection>;

#[derive(Debug, Deserialize)]
pub(super) struct BanBody {
    user_id: Uuid,
    #[serde(default)]
    reason: Option<String>,
    #[serde(default)]
    expires_at: Option<DateTime<Utc>>,
}

/// Lists the participants.
pub(super) async fn participants(
    State(upstreams): State<Upstreams>,
    caller: Caller,
    EventId(event): EventId,
    pairs: QueryPairs,
) -> Result<Json<ParticipantPage>, ApiError> {
    list(
        &upstreams,
        &caller,
        event,
        ParticipantList::Participants,
        &pairs,
    )
    .await
}

/// Lists the waitlist.
pub(super) async fn waitlist(
    State(upstreams): State<Upstreams>,
    caller: Caller,
    EventId(event): EventId,
    pairs: QueryPairs,
) -> Result<Json<ParticipantPage>, ApiError> {
    list(
        &upstreams,
        &caller,
        event,
        ParticipantList::Waitlist,
        &pairs,
    )
    .await
}

async fn list(
    upstreams: &Upstreams,
    caller: &Caller,
    event: Uuid,
    kind: ParticipantList,
    pairs: &QueryPairs,
) -> Result<Json<ParticipantPage>, ApiError> {
    caller.require_user()?;
    let cursor = pairs.text("cursor");
    let (participants, next_cursor) = upstreams
        .participants(caller, event.to_string(), kind, cursor)
        .await?;
    let items = participants.into_iter().map(|participant| Participant {
        status: join_status(participant.status()),
        joined_at: timestamp::from_proto(participant.joined_at.as_ref()).map(timestamp::to_text),
        event_id: participant.event_id,
        user_id: participant.user_id,
    });
    Ok(Json(ParticipantPage {
        items: items.collect(),
        has_more: !next_cursor.is_empty(),
        next_cursor,
    }))
}

/// Removes a participant.
pub(super) async fn kick(
    State(upstreams): State<Upstreams>,
    caller: Caller,
    path: EventAndUser,
    pairs: QueryPairs,
) -> Result<StatusCode, ApiError> {
    caller.require_user()?;
    let (event, user) = parse_ids(path)?;
    upstreams
        .kick(&caller, event, user, pairs.text("reason"))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Bans a user from the event, whether they joined it or not.
pub(super) async fn ban(
    State(upstreams): State<Upstreams>,
    caller: Caller,
    EventId(event): EventId,
    body: Bytes,
) -> Result<StatusCode, ApiError> {
    caller.require_user()?;
    let body: BanBody = read(&body)?;
    let reason = body.reason.unwrap_or_default();
    let (user, expires_at) = (body.user_id.to_string(), body.expires_at);
    upstreams
        .ban_from_event(&caller, event.to_string(), user, reason, expires_at)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lifts a ban.
pub(super) async fn unban(
    State(upstreams): State<Upstreams>,
    caller: Caller,
    path: EventAndUser,
) -> Result<StatusCode, ApiError> {
    caller.require_user()?;
    let (event, user) = parse_ids(path)?;
    upstreams.unban_from_event(&caller, event, user).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn parse_ids(path: EventAndUser) -> Result<(String, String), ApiError> {
    let Path((event, user)) = path.map_err(|_| ApiError::invalid("invalid path"))?;
    let id = |text: &str, message: &'static str| {
        Uuid::try_parse(text)
            .map(|id| id.to_string())
            .map_err(|_| ApiError::invalid(message))
    };
    Ok((
        id(&event, "invalid event id")?,
        id(&user, "invalid user id")?,
    ))
}
