//! Who comes to an event, for its host and for moderators: the join service decides who that is.

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

use super::{EventId, bodies::read, query::Pairs};
use crate::{
    caller::Caller,
    moment,
    refusal::Refusal,
    shapes::join_status,
    upstream::{People, Upstreams},
};

/// Somebody who takes part.
#[derive(Debug, Serialize)]
pub(super) struct Person {
    event_id: String,
    user_id: String,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    joined_at: Option<String>,
}

/// A page of them.
#[derive(Debug, Serialize)]
pub(super) struct PageOfPeople {
    items: Vec<Person>,
    next_cursor: String,
    has_more: bool,
}

/// An event and a user.
type TwoIds = Result<Path<(String, String)>, PathRejection>;

/// Whom to keep out.
#[derive(Debug, Deserialize)]
pub(super) struct BanBody {
    user_id: Uuid,
    #[serde(default)]
    reason: Option<String>,
    #[serde(default)]
    expires_at: Option<DateTime<Utc>>,
}

/// Who has a place.
pub(super) async fn participants(
    State(upstreams): State<Upstreams>,
    caller: Caller,
    EventId(event): EventId,
    pairs: Pairs,
) -> Result<Json<PageOfPeople>, Refusal> {
    listed(&upstreams, &caller, event, People::Coming, &pairs).await
}

/// Who waits for one.
pub(super) async fn waitlist(
    State(upstreams): State<Upstreams>,
    caller: Caller,
    EventId(event): EventId,
    pairs: Pairs,
) -> Result<Json<PageOfPeople>, Refusal> {
    listed(&upstreams, &caller, event, People::Waiting, &pairs).await
}

async fn listed(
    upstreams: &Upstreams,
    caller: &Caller,
    event: Uuid,
    list: People,
    pairs: &Pairs,
) -> Result<Json<PageOfPeople>, Refusal> {
    known(caller)?;
    let cursor = pairs.text("cursor");
    let (people, next_cursor) = upstreams
        .people(caller, event.to_string(), list, cursor)
        .await?;
    let items = people.into_iter().map(|person| Person {
        status: join_status(person.status()),
        joined_at: moment::of(person.joined_at.as_ref()).map(moment::text),
        event_id: person.event_id,
        user_id: person.user_id,
    });
    Ok(Json(PageOfPeople {
        items: items.collect(),
        has_more: !next_cursor.is_empty(),
        next_cursor,
    }))
}

/// Takes somebody's place away.
pub(super) async fn kick(
    State(upstreams): State<Upstreams>,
    caller: Caller,
    path: TwoIds,
    pairs: Pairs,
) -> Result<StatusCode, Refusal> {
    known(&caller)?;
    let (event, user) = both(path)?;
    upstreams
        .kick(&caller, event, user, pairs.text("reason"))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Keeps somebody out, whether they have joined or not.
pub(super) async fn ban(
    State(upstreams): State<Upstreams>,
    caller: Caller,
    EventId(event): EventId,
    body: Bytes,
) -> Result<StatusCode, Refusal> {
    known(&caller)?;
    let body: BanBody = read(&body)?;
    let reason = body.reason.unwrap_or_default();
    let (user, end) = (body.user_id.to_string(), body.expires_at);
    upstreams
        .ban_from_event(&caller, event.to_string(), user, reason, end)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lets somebody in again.
pub(super) async fn unban(
    State(upstreams): State<Upstreams>,
    caller: Caller,
    path: TwoIds,
) -> Result<StatusCode, Refusal> {
    known(&caller)?;
    let (event, user) = both(path)?;
    upstreams.unban_from_event(&caller, event, user).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Whoever is nobody is told so before anything else.
fn known(caller: &Caller) -> Result<(), Refusal> {
    match caller.user {
        Some(_) => Ok(()),
        None => Err(Refusal::unknown_caller()),
    }
}

fn both(path: TwoIds) -> Result<(String, String), Refusal> {
    let Path((event, user)) = path.map_err(|_| Refusal::invalid("invalid path"))?;
    let id = |text: &str, message: &'static str| {
        Uuid::try_parse(text)
            .map(|id| id.to_string())
            .map_err(|_| Refusal::invalid(message))
    };
    Ok((
        id(&event, "invalid event id")?,
        id(&user, "invalid user id")?,
    ))
}
