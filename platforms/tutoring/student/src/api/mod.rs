//! HTTP routes of students.

mod own;
mod profiles;
mod referrals;
mod support;

use std::sync::Arc;

use seaworthy::{audit_log::AuditLog, prelude::*};
use tutoring_contract::{ExtractResult, HandlerResult, Role, SERVICE_ROLE};
use tutoring_identity::Backend;

use crate::{pages::Pages, summaries::Summaries};

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
        .get("/", profiles::list)
        .with_options(|options| options.roles([Role::Admin.as_str()]).scopes([STUDENT_READ]));
    let shared = Routes::new()
        .get("/{id}", profiles::show)
        .get("/{id}/profile", profiles::show)
        .put("/{id}/profile", profiles::change)
        .get("/{id}/progress", own::progress)
        .put("/{id}/progress", own::progress_gone)
        .with_options(|options| options.roles([Role::Student.as_str(), Role::Admin.as_str()]));
    let own = Routes::new()
        .get("/{id}/home", own::home)
        .get("/{id}/learning", own::learning)
        .get("/{id}/courses/{course}/state", own::state)
        .post("/{id}/support-tickets", support::open_ticket)
        .get("/{id}/claim-deal/check", support::check_deal)
        .post("/{id}/claim-deal", support::claim_deal)
        .get("/{id}/referral-code", referrals::code)
        .post("/{id}/referral-code/redeem", referrals::redeem)
        .get("/{id}/referral-stats", referrals::stats)
        .with_options(|options| options.roles([Role::Student.as_str()]));
    let internal = Routes::new()
        .post("/{id}/invalidate-cache", own::invalidate)
        .with_options(|options| options.roles([SERVICE_ROLE]));
    let routes = list.merge(shared).merge(own).merge(internal);
    Routes::new()
        .nest("/api/v1/students", routes)
        .with_state(api)
}
