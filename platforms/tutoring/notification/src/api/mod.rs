//! HTTP routes.

mod devices;
mod notifications;
mod preferences;
mod requests;

use std::sync::Arc;

use seaworthy::prelude::*;
use tutoring_contract::{ExtractResult, HandlerResult, Role, SERVICE_ROLE};

use crate::notify::Notifier;

type State = seaworthy::axum::extract::State<Arc<Notifier>>;

/// Returns the routes of users, who see their own notifications and devices, and of senders.
pub(crate) fn routes(notifier: Arc<Notifier>) -> Routes {
    let users = [Role::Student, Role::Trainer, Role::Admin].map(Role::as_str);
    let own = Routes::new()
        .get("/notifications", notifications::list)
        .get("/notifications/unread-count", notifications::unread)
        .get("/notifications/preferences", preferences::show)
        .put("/notifications/preferences", preferences::replace)
        .post("/notifications/mark-all-read", notifications::mark_all_read)
        .delete("/notifications/read", notifications::delete_read)
        .delete("/notifications/{id}", notifications::delete)
        .patch("/notifications/{id}/read", notifications::mark_read)
        .patch("/notifications/{id}/unread", notifications::mark_unread)
        .get("/device-tokens", devices::list)
        .post("/device-tokens", devices::register)
        .delete("/device-tokens/{token}", devices::delete)
        .patch("/device-tokens/{token}/deactivate", devices::deactivate)
        .with_options(|options| options.roles(users));
    // The handlers check the permission of administrators.
    let senders = Routes::new()
        .post("/notifications", requests::send)
        .post("/notifications/bulk", requests::send_to_all)
        .with_options(|options| options.roles([SERVICE_ROLE, Role::Admin.as_str()]));
    Routes::new()
        .nest("/api/v1", own.merge(senders))
        .with_state(notifier)
}
