//! HTTP routes of applications.

mod review;
mod trainers;
mod views;

use std::sync::Arc;

use seaworthy::{
    axum::{
        response::Response,
        routing::{get, post},
    },
    prelude::*,
};
use tutoring_contract::{ApiError, Role};

use crate::applications::{Applicants, TRAINER_APPROVE};

type HandlerResult = Result<Response, ApiError>;
/// An extractor. Its error becomes an envelope in the handler.
type Given<T> = Result<T, Error>;
type State = seaworthy::axum::extract::State<Arc<Applicants>>;

/// Returns the routes of trainers, and those of admins who review applications.
pub(crate) fn routes(applicants: Arc<Applicants>) -> Routes {
    let public = Routes::new()
        .route("/pincodes/{pincode}", get(trainers::pincode))
        .route("/apply/available-courses", get(trainers::courses))
        .route("/apply/preview-availability", get(trainers::slots))
        .with_options(|options| options.access(Access::Public));
    let own = Routes::new()
        .route("/apply", post(trainers::apply))
        .route("/apply/refactored", post(trainers::apply))
        .route("/apply/documents", post(trainers::sign_upload))
        .route("/application", get(trainers::own).put(trainers::edit))
        .with_options(|options| options.roles([Role::Trainer.as_str()]));
    let review = Routes::new()
        .route("/", get(review::list))
        .route("/statistics", get(review::statistics))
        .route("/{id}", get(review::show))
        .route("/{id}/approve", post(review::approve))
        .route("/{id}/reject", post(review::reject))
        .route("/{id}/hold", post(review::hold))
        .route("/{id}/reopen", post(review::reopen))
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
