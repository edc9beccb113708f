//! HTTP routes.

mod devices;
mod notifications;
mod preferences;
mod requests;

use std::sync::Arc;

use seaworthy::{
    axum::{
        response::Response,
        routing::{delete, get, patch, post},
    },
    prelude::*,
};
use tutoring_contract::{ApiError, Role, SERVICE_ROLE};

use crate::notify::Notifier;

type HandlerResult = Result<Response, ApiError>;
/// An extractor. Its error becomes an envelope in the handler.
type Given<T> = Result<T, Error>;
type State = seaworthy::axum::extract::State<Arc<Notifier>>;

/// Returns the routes of users, who see their own notifications and devices, and of senders.
pub(crate) fn routes(notifier: Arc<Notifier>) -> Routes {
    let users = [Role::Student, Role::Trainer, Role::Admin].map(Role::as_str);
    let own = Routes::new()
        .route("/notifications", get(notifications::list))
        .route("/notifications/unread-count", get(notifications::unread))
        .route(
            "/notifications/preferences",
            get(preferences::show).put(preferences::replace),
        )
        .route(
            "/notifications/mark-all-read",
            post(notifications::mark_all_read),
        )
        .route("/notifications/read", delete(notifications::delete_read))
        .route("/notifications/{id}", delete(notifications::delete))
        .route("/notifications/{id}/read", patch(notifications::mark_read))
        .route(
            "/notifications/{id}/unread",
            patch(notifications::mark_unread),
        )
        .route("/device-tokens", get(devices::list).post(devices::register))
        .route("/device-tokens/{token}", delete(devices::delete))
        .route(
            "/device-tokens/{token}/deactivate",
            patch(devices::deactivate),
        )
        .with_options(|options| options.roles(users));
    // The handlers check the permission of administrators.
    let senders = Routes::new()
        .route("/notifications", post(requests::send))
        .route("/notifications/bulk", post(requests::send_to_all))
        .with_options(|options| options.roles([SERVICE_ROLE, Role::Admin.as_str()]));
    Routes::new()
        .nest("/api/v1", own.merge(senders))
        .with_state(notifier)
}
