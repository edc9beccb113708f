//! An event page: an event, the caller's part in it, its organiser, and what the caller may do.

use chrono::Utc;
use city_events_contract::event::v1 as event;
use seaworthy::axum::http::StatusCode;
use serde::Serialize;
use tonic::{Code, Status};
use uuid::Uuid;

use crate::{
    caller::Caller,
    moment,
    policy::{Actions, Facts, actions},
    refusal::Refusal,
    shapes::{Event, Participation, join_status},
    upstream::Upstreams,
};

/// What an event page says.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct EventView {
    pub(crate) event: Event,
    pub(crate) participation: Option<Participation>,
    pub(crate) actions: Actions,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) degraded: Option<Degraded>,
    /// For pages.
    #[serde(skip)]
    pub(crate) source: event::Event,
}

/// What is missing on it, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Degraded {
    pub(crate) participation: &'static str,
}

/// Reads an event page.
pub(crate) async fn event_view(
    upstreams: &Upstreams,
    caller: &Caller,
    id: Uuid,
) -> Result<EventView, Refusal> {
    let id = id.to_string();
    let found = find(upstreams, caller, &id).await?;
    let (participation, organizer) = tokio::join!(
        participation(upstreams, caller, &id),
        upstreams.display_name(&found.owner_id),
    );
    let (participation, degraded) = match participation {
        Ok(participation) => (Some(participation), None),
        Err(degraded) => (None, Some(degraded)),
    };
    let actions = actions(&Facts {
        is_known: caller.user.is_some(),
        role: caller.role,
        is_owner: caller.is(&found.owner_id),
        participation: participation.as_ref().map(|part| part.status),
        status: found.status(),
        capacity: found.capacity,
        starts: moment::of(found.start_time.as_ref()),
        ends: moment::of(found.end_time.as_ref()),
        now: Utc::now(),
    });
    Ok(EventView {
        event: Event {
            organizer_name: Some(organizer),
            ..found.clone().into()
        },
        participation,
        actions,
        degraded,
        source: found,
    })
}

/// The event as everybody sees it, else as those do who may see more.
async fn find(upstreams: &Upstreams, caller: &Caller, id: &str) -> Result<event::Event, Refusal> {
    let public = match upstreams.event(id).await {
        Err(status) if status.code() == Code::NotFound && caller.user.is_some() => {
            upstreams.own_event(caller, id).await
        }
        public => public,
    };
    public.map_err(|status| match status.code() {
        // That there is a draft is nobody else's business.
        Code::NotFound | Code::PermissionDenied | Code::Unauthenticated => Refusal::new(
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
            joined_at: moment::of(part.joined_at.as_ref()).map(moment::text),
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
    fn a_part_that_is_late_is_told_from_one_that_is_away_api_5() {
        for (status, word) in [
            (Status::deadline_exceeded("late"), "timeout"),
            (Status::cancelled("late"), "timeout"),
            (Status::unavailable("away"), "unavailable"),
            (Status::internal("broken"), "unavailable"),
            (Status::resource_exhausted("busy"), "unavailable"),
        ] {
            assert_eq!(degraded(&status).participation, word, "{status}");
        }
    }
}
