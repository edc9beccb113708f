//! HTTP routes.

mod admins;
mod auth;
mod views;

use std::sync::Arc;

use seaworthy::{auth::token::VerifiedToken, axum::Extension, prelude::*};
use tutoring_contract::{ExtractResult, HandlerResult, Role};

use crate::{
    accounts::Accounts,
    domain::{ADMIN_READ, ADMIN_WRITE, AUDIT_READ, ROLE_READ, ROLE_WRITE},
};

type Token = Extension<Arc<VerifiedToken>>;
type State = seaworthy::axum::extract::State<Arc<Accounts>>;

/// Returns all routes of the service. The handlers check each permission again, because the roles
/// in the token may be outdated.
pub(crate) fn routes(accounts: Arc<Accounts>) -> Routes {
    let sessions = Routes::new()
        .post("/login", auth::log_in)
        .post("/refresh", auth::refresh)
        .post("/logout", auth::log_out)
        .with_options(|options| options.access(Access::Public).sets_session());
    let own = Routes::new()
        .get("/me", auth::me)
        .post("/logout-all", auth::log_out_all)
        .post("/password/change", auth::change_password)
        .post("/totp/enroll", auth::begin_totp)
        .post("/totp/disable", auth::disable_totp)
        .with_options(|options| options.roles([Role::Admin.as_str()]));
    let confirmation = Routes::new()
        .post("/totp/confirm", auth::confirm_totp)
        .with_options(|options| options.roles([Role::Admin.as_str()]).sets_session());
    let needing = |permission: &'static str, routes: Routes<Arc<Accounts>>| {
        routes.with_options(|options| options.roles([Role::Admin.as_str()]).scopes([permission]))
    };
    let admin = Routes::new()
        .nest("/auth", sessions.merge(own).merge(confirmation))
        .merge(needing(
            ADMIN_READ,
            Routes::new()
                .get("/admins", admins::list)
                .get("/admins/{id}", admins::get),
        ))
        .merge(needing(
            ADMIN_WRITE,
            Routes::new()
                .post("/admins", admins::create)
                .patch("/admins/{id}", admins::change),
        ))
        .merge(needing(
            ROLE_READ,
            Routes::new()
                .get("/roles", admins::roles)
                .get("/permissions", admins::permissions),
        ))
        .merge(needing(
            ROLE_WRITE,
            Routes::new().put("/roles/{role}", admins::set_permissions),
        ))
        .merge(needing(
            AUDIT_READ,
            Routes::new().get("/audit-log", admins::audit_log),
        ));
    Routes::new()
        .nest("/api/v1/admin", admin)
        .with_state(accounts)
}
