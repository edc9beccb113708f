//! The HTTP routes of accounts.

mod bodies;
mod google;
mod handlers;

use std::sync::Arc;

use seaworthy::prelude::*;

use crate::Identity;

/// Returns the routes with their full paths.
pub(crate) fn routes(identity: &Identity) -> Routes {
    let kind = identity.0.kind;
    let public = Routes::new()
        .post("/register", handlers::register)
        .post("/email/resend", handlers::resend_code)
        .post("/email/verify", handlers::verify_email)
        .post("/login", handlers::log_in)
        .post("/otp/request", handlers::request_phone_code)
        .post("/otp/retry", handlers::retry_phone_code)
        .post("/google", google::log_in)
        .post("/google/web", google::log_in_by_code)
        .post("/refresh", handlers::refresh)
        .post("/logout", handlers::log_out)
        .post("/password/forgot", handlers::forgot_password)
        .post("/password/reset", handlers::reset_password)
        .with_options(|options| options.access(Access::Public).sets_session());
    // With a token, it verifies a new number of the caller.
    let optional = Routes::new()
        .post("/otp/verify", handlers::verify_phone)
        .with_options(|options| options.access(Access::Optional).sets_session());
    let own = Routes::new()
        .post("/logout-all", handlers::log_out_all)
        .post("/password/change", handlers::change_password)
        .get("/profile", handlers::profile)
        .put("/profile", handlers::change_profile)
        .with_options(|options| {
            let options = options.access(Access::Authenticated);
            options.roles([kind.role().as_str()])
        });
    Routes::new()
        .nest(kind.base_path(), public.merge(optional).merge(own))
        .with_state(Arc::clone(&identity.0))
}
