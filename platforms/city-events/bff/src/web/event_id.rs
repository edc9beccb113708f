use maud::Markup;
use seaworthy::axum::{
    extract::{FromRequestParts, Path},
    http::{StatusCode, request::Parts},
};
use uuid::Uuid;

use super::{address::Address, components, layout};

/// The event ID in the path of a page. A path without a valid ID gets a 404 page.
pub(super) struct PageEventId(pub(super) Uuid);

/// The event ID in the path of a fragment. A path without a valid ID gets a 404 fragment.
pub(super) struct FragmentEventId(pub(super) Uuid);

/// Returns the message for an unknown event.
pub(super) fn unknown_event() -> Markup {
    components::empty_state(
        "Event not found",
        "It does not exist or is not public. If you are its host, sign in to see it.",
        Some((Address::new("/"), "Discover events")),
    )
}

async fn parse<S: Send + Sync>(parts: &mut Parts, state: &S) -> Option<Uuid> {
    let Path(text) = Path::<String>::from_request_parts(parts, state)
        .await
        .ok()?;
    Uuid::try_parse(&text).ok()
}

impl<S: Send + Sync> FromRequestParts<S> for PageEventId {
    type Rejection = (StatusCode, Markup);

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        parse(parts, state).await.map(Self).ok_or_else(|| {
            let page = layout::page("Not found", "", unknown_event());
            (StatusCode::NOT_FOUND, page)
        })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for FragmentEventId {
    type Rejection = (StatusCode, Markup);

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let id = parse(parts, state).await.map(Self);
        id.ok_or_else(|| (StatusCode::NOT_FOUND, unknown_event()))
    }
}
