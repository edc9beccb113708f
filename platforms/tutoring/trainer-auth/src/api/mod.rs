//! HTTP routes of applications.

mod review;
mod trainers;

use std::sync::Arc;

use seaworthy::prelude::*;
use tutoring_contract::{HandlerResult, Role};

use crate::applications::{Applicants, TRAINER_APPROVE};

type State = seaworthy::axum::extract::State<Arc<Applicants>>;

/// Returns the routes of trainers, and those of admins who review applications.
pub(crate) fn routes(applicants: Arc<Applicants>) -> Routes {
    let public = Routes::new()
        .get("/pincodes/{pincode}", trainers::pincode)
        .get("/apply/available-courses", trainers::courses)
        .get("/apply/preview-availability", trainers::slots)
        .with_options(|options| options.access(Access::Public));
    let own = Routes::new()
        .post("/apply", trainers::apply)
        .post("/apply/refactored", trainers::apply)
        .post("/apply/documents", trainers::sign_upload)
        .get("/application", trainers::own)
        .put("/application", trainers::edit)
        .with_options(|options| options.roles([Role::Trainer.as_str()]));
    let review = Routes::new()
        .get("/", review::list)
        .get("/statistics", review::statistics)
        .get("/{id}", review::show)
        .post("/{id}/approve", review::approve)
        .post("/{id}/reject", review::reject)
        .post("/{id}/hold", review::hold)
        .post("/{id}/reopen", review::reopen)
        .with_options(|options| {
            options
                .roles([Role::Admin.as_str()])
                .scopes([TRAINER_APPROVE])
        });
    Routes::new()
        .nest("/api/v1/trainers/auth", public.merge(own))
        .nest("/api/v1/admin/trainers/approvals", review)
        .with_state(applicants)
}
