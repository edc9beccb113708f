//! HTTP routes of trainers.

mod change;
mod own;
mod payroll;
mod profiles;
mod views;

use std::sync::Arc;

use seaworthy::{
    audit_log::AuditLog,
    axum::{
        response::Response,
        routing::{get, post, put},
    },
    crypto::Sealer,
    prelude::*,
};
use tutoring_contract::{ApiError, PlatformZone, Role};
use tutoring_identity::Backend;

pub(crate) use views::snapshot;

type HandlerResult = Result<Response, ApiError>;
/// An extractor. Its error becomes an envelope in the handler.
type Given<T> = Result<T, Error>;
type State = seaworthy::axum::extract::State<Arc<Api>>;

/// The permission to read profiles of trainers.
const TRAINER_READ: &str = "trainer:read";
/// The permission to change profiles of trainers.
const TRAINER_WRITE: &str = "trainer:write";

/// The state of the handlers.
#[derive(Debug)]
pub(crate) struct Api {
    pub(crate) backend: Backend,
    pub(crate) audit: AuditLog,
    /// Encrypts bank details.
    pub(crate) sealer: Sealer,
    /// The time zone of the days of payroll.
    pub(crate) zone: PlatformZone,
}

/// Returns all routes of the service. The handlers compare the ID of the path with the caller.
pub(crate) fn routes(api: Arc<Api>) -> Routes {
    let public = Routes::new()
        .route("/", get(profiles::list))
        .route("/{id}", get(profiles::card))
        .with_options(|options| options.access(Access::Public));
    let shared = Routes::new()
        .route("/{id}/profile", get(profiles::show).put(profiles::change))
        .route("/{id}/performance", get(profiles::performance))
        .route("/{id}/substitutions", get(profiles::substitutions))
        .route("/{id}/payroll/info", get(payroll::info))
        .route("/{id}/payroll/monthly", get(payroll::monthly))
        .route("/{id}/payroll/history", get(payroll::history))
        .with_options(|options| options.roles([Role::Trainer.as_str(), Role::Admin.as_str()]));
    let own = Routes::new()
        .route("/confirm-location", post(own::confirm_location))
        .route("/location/status", get(own::location_status))
        .route("/{id}/availability", put(own::set_availability))
        .route("/{id}/allocations/preference", post(own::set_preference))
        .route(
            "/{id}/bank-details",
            get(own::bank_details).put(own::set_bank_details),
        )
        .with_options(|options| options.roles([Role::Trainer.as_str()]));
    Routes::new()
        .nest("/api/v1/trainers", public.merge(shared).merge(own))
        .with_state(api)
}
