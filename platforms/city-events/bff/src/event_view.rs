//! The view of an event: the event, its organizer, the caller's participation and allowed actions.

use chrono::Utc;
use city_events_contract::event::v1 as event;
use seaworthy::axum::http::StatusCode;
use serde::Serialize;
use tonic::{Code, Status};
use uuid::Uuid;

use crate::{
    api_error::ApiError,
    caller::Caller,
    policy::{Actions, PolicyInput, actions},
    responses::{Event, Participation, join_status},
    timestamp,
    upstream::Upstreams,
};

#[derive(Debug, Clone, Serialize)]
pub(crate) struct EventView {
    pub(crate) event: Event,
    pub(crate) participation: Option<Participation>,
    pub(crate) actions: Actions,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) degraded: Option<Degraded>,
    /// The event of the event service, for pages.
    #[serde(skip)]
    pub(crate) source: event::Event,
}

/// The reason for a missing participation: `timeout` or `unavailable`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Degraded {
    pub(crate) participation: &'static str,
}

/// Reads the view of an event.
pub(crate) async fn event_view(
    upstreams: &Upstreams,
    caller: &Caller,
    id: Uuid,
) -> Result<EventView, ApiError> {
    let id = id.to_string();
    let event = find(upstreams, caller, &id).await?;
    let (participation, organizer) = tokio::join!(
        participation(upstreams, caller, &id),
        upstreams.display_name(&event.owner_id),
    );
    let (participation, degraded) = match participation {
        Ok(participation) => (Some(participation), None),
        Err(degraded) => (None, Some(degraded)),
    };
    let actions = actions(&PolicyInput {
        is_authenticated: caller.user.is_some(),
        role: caller.role,
        is_owner: caller.is(&event.owner_id),
        participation: participation.as_ref().map(|part| part.status),
        status: event.status(),
        capacity: event.capacity,
        starts_at: timestamp::from_proto(event.start_time.as_ref()),
        ends_at: timestamp::from_proto(event.end_time.as_ref()),
        now: Utc::now(),
    });
    Ok(EventView {
        event: Event {
            organizer_name: Some(organizer),
            ..event.clone().into()
        },
        participation,
        actions,
        degraded,
        source: event,
    })
}

/// Returns the published event, or the unpublished event if the caller may read it.
async fn find(upstreams: &Upstreams, caller: &Caller, id: &str) -> Result<event::Event, ApiError> {
    let public = match upstreams.event(id).await {
        Err(status) if status.code() == Code::NotFound && caller.user.is_some() => {
            upstreams.own_event(caller, id).await
        }
        public => public,
    };
    public.map_err(|status| match status.code() {
        // The error does not reveal that a draft exists.
        Code::NotFound | Code::PermissionDenied | Code::Unauthenticated => ApiError::new(
            StatusCode::NOT_FOUND,
            "resource_not_found",
            "event not found",
        ),
        _ => status.into(),
    })
}

async fn participation(
    upstreams: &Upstreams,
    caller: &Caller,
    event_id: &str,
) -> Result<Participation, Degraded> {
    let user_id = match &caller.user {
        Some(user) => user.clone(),
        None => Uuid::nil().to_string(),
    };
    let none = Participation {
        event_id: event_id.to_owned(),
        user_id,
        status: "none",
        joined_at: None,
    };
    if caller.user.is_none() {
        return Ok(none);
    }
    match upstreams.participation(caller, event_id).await {
        Ok(part) => Ok(Participation {
            status: join_status(part.status()),
            joined_at: timestamp::from_proto(part.joined_at.as_ref()).map(timestamp::to_text),
            ..none
        }),
        Err(status) => match status.code() {
            Code::NotFound | Code::Unauthenticated => Ok(none),
            _ => Err(degraded(&status)),
        },
    }
}

fn degraded(status: &Status) -> Degraded {
    Degraded {
        participation: match status.code() {
            Code::DeadlineExceeded | Code::Cancelled => "timeout",
            _ => "unavailable",
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distinguishes_slow_from_unavailable_join_service_api_5() {
        for (status, reason) in [
            (Status::deadline_exceeded("timeout"), "timeout"),
            (Status::cancelled("timeout"), "timeout"),
            (Status::unavailable("unavailable"), "unavailable"),
            (Status::internal("broken"), "unavailable"),
            (Status::resource_exhausted("busy"), "unavailable"),
        ] {
            assert_eq!(degraded(&status).participation, reason, "{status}");
        }
    }
}
