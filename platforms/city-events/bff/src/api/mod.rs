//! The HTTP interface under `/api`, and the probes of the interface.

mod bodies;
mod event_commands;
mod imports;
mod joins;
mod lists;
mod media;
mod participants;
mod probes;
mod proxy;
pub(crate) mod query;

use seaworthy::{
    axum::{
        extract::Path,
        middleware::from_fn_with_state,
        routing::{MethodRouter, any, delete, get, patch, post},
    },
    health::Health,
    http::Priority,
    prelude::{Access, RouteOptions, Routes},
};
use uuid::Uuid;

use crate::{
    api_error::ApiError,
    limit::{CallerLimit, admit},
    upstream::Upstreams,
};

/// Returns all routes except pages.
pub(crate) fn routes(upstreams: Upstreams, health: &Health, limit: &CallerLimit) -> Routes {
    let interface = [
        ("/api/feed", get(lists::feed)),
        (
            "/api/events",
            get(lists::events).post(event_commands::create),
        ),
        ("/api/events/{id}/view", get(lists::view)),
        ("/api/meta/cities", get(lists::cities)),
        ("/api/me/joins", get(lists::own_joins)),
        ("/api/me/events", get(lists::own_events)),
        ("/api/events/{id}", patch(event_commands::update)),
        ("/api/events/{id}/publish", post(event_commands::publish)),
        (
            "/api/events/{id}/unpublish",
            post(event_commands::unpublish),
        ),
        (
            "/api/events/{id}/cancel-event",
            post(event_commands::cancel),
        ),
        (
            "/api/admin/events/{id}/cancel",
            post(event_commands::moderate_cancel),
        ),
        (
            "/api/admin/events/{id}/unpublish",
            post(event_commands::moderate_unpublish),
        ),
        (
            "/api/events/{id}/participants",
            get(participants::participants),
        ),
        ("/api/events/{id}/waitlist", get(participants::waitlist)),
        (
            "/api/events/{id}/participants/{user}",
            delete(participants::kick),
        ),
        ("/api/events/{id}/bans", post(participants::ban)),
        ("/api/events/{id}/bans/{user}", delete(participants::unban)),
        ("/api/imports/{id}", get(imports::find)),
        ("/api/imports/{id}/report.csv", get(imports::report)),
        ("/api/imports/{id}/confirm", post(imports::confirm)),
        ("/api/imports/{id}/cancel", post(imports::cancel)),
        ("/api/imports/{id}/undo", post(imports::undo)),
        ("/api/media/request-upload", post(media::request_upload)),
        ("/api/media/complete", post(media::complete)),
        ("/api/media/{id}/status", get(media::status)),
        ("/api/feed/recommended", any(proxy::feed)),
        ("/api/feed/recommended/", any(proxy::feed)),
        ("/api/feed/recommended/{*rest}", any(proxy::feed)),
    ];
    let limited = |methods: MethodRouter<Upstreams>| -> MethodRouter<Upstreams> {
        methods.layer(from_fn_with_state(limit.clone(), admit))
    };
    // Queries of the auth service contain one-time tokens, and its responses set session cookies.
    // Only the gateway can detect requests from other sites.
    let sessions = Routes::new()
        .route("/api/auth/{*rest}", limited(any(proxy::auth)))
        .with_options(|options| options.sensitive_query().sets_session());
    let files = sessions.route_with(
        "/api/imports",
        limited(get(imports::list).post(imports::create)),
        RouteOptions::new().body_limit(imports::MAX_FILE_SIZE),
    );
    // Under overload, reads are rejected before joins.
    let joins = Routes::new()
        .route("/api/events/{id}/join", limited(post(joins::join)))
        .route("/api/events/{id}/cancel", limited(post(joins::cancel)))
        .with_options(|options| options.priority(Priority::Critical));
    let interface = interface
        .into_iter()
        .fold(files.merge(joins), |routes, (path, methods)| {
            routes.route(path, limited(methods))
        })
        .with_options(|options| options.access(Access::Optional))
        .with_state(upstreams.clone());
    interface.merge(probes::routes(upstreams, health.clone()))
}

pub(crate) use imports::MAX_FILE_SIZE as MAX_IMPORT_SIZE;

/// The event ID in the path.
struct EventId(Uuid);

impl<S: Send + Sync> seaworthy::axum::extract::FromRequestParts<S> for EventId {
    type Rejection = ApiError;

    async fn from_request_parts(
        parts: &mut seaworthy::axum::http::request::Parts,
        state: &S,
    ) -> Result<Self, ApiError> {
        let invalid = || ApiError::invalid("invalid event id");
        let Path(id) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|_| invalid())?;
        Uuid::try_parse(&id).map(Self).map_err(|_| invalid())
    }
}
