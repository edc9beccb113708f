//! HTTP routes.

mod events;
mod metrics;

use std::sync::Arc;

use seaworthy::prelude::*;
use tutoring_contract::{AdminRole, ExtractResult, HandlerResult, Role};

use crate::analytics::Analytics;

type State = seaworthy::axum::extract::State<Arc<Analytics>>;

/// The permission to read the events of all users.
pub(crate) const ANALYTICS_READ: &str = "analytics:read";

/// Returns the routes of users, who record and read their own events, and of administrators.
pub(crate) fn routes(analytics: Arc<Analytics>) -> Routes {
    let users = [Role::Student, Role::Trainer, Role::Admin].map(Role::as_str);
    let own = Routes::new()
        .post("/events", events::record)
        .post("/events/bulk", events::record_all)
        .get("/users/{id}/timeline", events::timeline)
        .with_options(|options| options.roles(users));
    let admins = Routes::new()
        .get("/events", events::list)
        .get("/metrics/event-types", metrics::types)
        .get("/metrics/courses", metrics::courses)
        .get("/metrics/trends", metrics::trends)
        .with_options(|options| {
            // Events do not belong to a place, so only super admins read those of all users.
            let options = options.roles([AdminRole::SuperAdmin.as_str()]);
            options.scopes([ANALYTICS_READ])
        });
    Routes::new()
        .nest("/api/v1/analytics", own.merge(admins))
        .with_state(analytics)
}
