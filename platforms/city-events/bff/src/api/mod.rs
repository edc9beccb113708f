//! The HTTP interface below `/api`, and the probes that clients know.

mod bodies;
mod changes;
mod joins;
mod media;
mod people;
mod probes;
mod proxy;
pub(crate) mod query;
mod reads;

use seaworthy::{
    axum::{
        extract::Path,
        middleware::{from_fn, from_fn_with_state},
        routing::{MethodRouter, any, delete, get, patch, post},
    },
    health::Health,
    prelude::{Access, Routes},
};
use uuid::Uuid;

use crate::{
    limit::{CallerLimit, admit, harden},
    refusal::Refusal,
    upstream::Upstreams,
};

/// All routes but those of pages.
pub(crate) fn routes(upstreams: Upstreams, health: &Health, limit: &CallerLimit) -> Routes {
    let interface = [
        ("/api/feed", get(reads::feed)),
        ("/api/events", get(reads::events).post(changes::create)),
        ("/api/events/{id}/view", get(reads::view)),
        ("/api/meta/cities", get(reads::cities)),
        ("/api/me/joins", get(reads::own_joins)),
        ("/api/me/events", get(reads::own_events)),
        ("/api/events/{id}", patch(changes::update)),
        ("/api/events/{id}/publish", post(changes::publish)),
        ("/api/events/{id}/unpublish", post(changes::unpublish)),
        ("/api/events/{id}/cancel-event", post(changes::cancel)),
        (
            "/api/admin/events/{id}/cancel",
            post(changes::moderate_cancel),
        ),
        (
            "/api/admin/events/{id}/unpublish",
            post(changes::moderate_unpublish),
        ),
        ("/api/events/{id}/join", post(joins::join)),
        ("/api/events/{id}/cancel", post(joins::cancel)),
        ("/api/events/{id}/participants", get(people::participants)),
        ("/api/events/{id}/waitlist", get(people::waitlist)),
        ("/api/events/{id}/participants/{user}", delete(people::kick)),
        ("/api/events/{id}/bans", post(people::ban)),
        ("/api/events/{id}/bans/{user}", delete(people::unban)),
        ("/api/media/request-upload", post(media::unavailable)),
        ("/api/media/complete", post(media::unavailable)),
        ("/api/media/{id}/status", get(media::unavailable)),
        ("/api/feed/recommended", any(proxy::feed)),
        ("/api/feed/recommended/{*rest}", any(proxy::feed)),
    ];
    let limited = |methods: MethodRouter<Upstreams>| -> MethodRouter<Upstreams> {
        methods
            .layer(from_fn_with_state(limit.clone(), admit))
            .layer(from_fn(harden))
    };
    // Queries of the auth service contain one-time tokens, and its answers set session cookies.
    // Only the gateway can detect requests from other sites.
    let sessions = Routes::new()
        .route("/api/auth/{*rest}", limited(any(proxy::auth)))
        .with_options(|options| options.sensitive_query().sets_session());
    let interface = interface
        .into_iter()
        .fold(sessions, |routes, (path, methods)| {
            routes.route(path, limited(methods))
        })
        .with_options(|options| options.access(Access::Optional))
        .with_state(upstreams.clone());
    interface.merge(probes::routes(upstreams, health.clone()))
}

/// The event of a path.
struct EventId(Uuid);

impl<S: Send + Sync> seaworthy::axum::extract::FromRequestParts<S> for EventId {
    type Rejection = Refusal;

    async fn from_request_parts(
        parts: &mut seaworthy::axum::http::request::Parts,
        state: &S,
    ) -> Result<Self, Refusal> {
        let unreadable = || Refusal::invalid("invalid event id");
        let Path(id) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|_| unreadable())?;
        Uuid::try_parse(&id).map(Self).map_err(|_| unreadable())
    }
}
