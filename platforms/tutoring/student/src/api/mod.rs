//! HTTP routes of students.

mod own;
mod profiles;
mod referrals;
mod support;

use std::sync::Arc;

use seaworthy::{
    audit_log::AuditLog,
    axum::{
        response::Response,
        routing::{get, post},
    },
    prelude::*,
};
use tutoring_contract::{ApiError, Role, SERVICE_ROLE};
use tutoring_identity::Backend;

use crate::{pages::Pages, summaries::Summaries};

type HandlerResult = Result<Response, ApiError>;
/// An extractor. Its error becomes an envelope in the handler.
type Given<T> = Result<T, Error>;
type State = seaworthy::axum::extract::State<Arc<Api>>;

/// The permission to read profiles and progress of students.
pub(crate) const STUDENT_READ: &str = "student:read";
/// The permission to change profiles of students.
pub(crate) const STUDENT_WRITE: &str = "student:write";

/// The state of the handlers.
#[derive(Debug)]
pub(crate) struct Api {
    pub(crate) backend: Backend,
    pub(crate) audit: AuditLog,
    pub(crate) pages: Arc<Pages>,
    pub(crate) summaries: Summaries,
}

/// Returns all routes of the service. The handlers compare the ID of the path with the caller.
pub(crate) fn routes(api: Arc<Api>) -> Routes {
    let list = Routes::new()
        .route("/", get(profiles::list))
        .with_options(|options| options.roles([Role::Admin.as_str()]).scopes([STUDENT_READ]));
    let shared = Routes::new()
        .route("/{id}", get(profiles::show))
        .route("/{id}/profile", get(profiles::show).put(profiles::change))
        .route("/{id}/progress", get(own::progress).put(own::progress_gone))
        .with_options(|options| options.roles([Role::Student.as_str(), Role::Admin.as_str()]));
    let own = Routes::new()
        .route("/{id}/home", get(own::home))
        .route("/{id}/learning", get(own::learning))
        .route("/{id}/courses/{course}/state", get(own::state))
        .route("/{id}/support-tickets", post(support::open_ticket))
        .route("/{id}/claim-deal/check", get(support::check_deal))
        .route("/{id}/claim-deal", post(support::claim_deal))
        .route("/{id}/referral-code", get(referrals::code))
        .route("/{id}/referral-code/redeem", post(referrals::redeem))
        .route("/{id}/referral-stats", get(referrals::stats))
        .with_options(|options| options.roles([Role::Student.as_str()]));
    let internal = Routes::new()
        .route("/{id}/invalidate-cache", post(own::invalidate))
        .with_options(|options| options.roles([SERVICE_ROLE]));
    let routes = list.merge(shared).merge(own).merge(internal);
    Routes::new()
        .nest("/api/v1/students", routes)
        .with_state(api)
}
