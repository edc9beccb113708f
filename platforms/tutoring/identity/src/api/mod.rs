//! The HTTP routes of accounts.

mod bodies;
mod google;
mod handlers;

use seaworthy::{
    axum::routing::{get, post},
    prelude::*,
};

use crate::Identity;

/// Returns the routes with their full paths.
pub(crate) fn routes(identity: &Identity) -> Routes {
    let kind = identity.0.kind;
    let public = Routes::new()
        .route("/register", post(handlers::register))
        .route("/email/resend", post(handlers::resend_code))
        .route("/email/verify", post(handlers::verify_email))
        .route("/login", post(handlers::log_in))
        .route("/otp/request", post(handlers::request_phone_code))
        .route("/otp/retry", post(handlers::retry_phone_code))
        .route("/google", post(google::log_in))
        .route("/google/web", post(google::log_in_by_code))
        .route("/refresh", post(handlers::refresh))
        .route("/logout", post(handlers::log_out))
        .route("/password/forgot", post(handlers::forgot_password))
        .route("/password/reset", post(handlers::reset_password))
        .with_options(|options| options.access(Access::Public).sets_session());
    // With a token, it verifies a new number of the caller.
    let optional = Routes::new()
        .route("/otp/verify", post(handlers::verify_phone))
        .with_options(|options| options.access(Access::Optional).sets_session());
    let own = Routes::new()
        .route("/logout-all", post(handlers::log_out_all))
        .route("/password/change", post(handlers::change_password))
        .route("/profile", get(handlers::profile))
        .route(
            "/profile",
            seaworthy::axum::routing::put(handlers::change_profile),
        )
        .with_options(|options| {
            let options = options.access(Access::Authenticated);
            options.roles([kind.role().as_str()])
        });
    Routes::new()
        .nest(kind.base_path(), public.merge(optional).merge(own))
        .with_state(identity.clone())
}
