//! HTTP routes of trainers.

mod change;
mod own;
mod payroll;
mod profiles;
mod views;

use std::sync::Arc;

use seaworthy::{audit_log::AuditLog, crypto::Sealer, prelude::*};
use tutoring_contract::{ExtractResult, HandlerResult, PlatformZone, Role};
use tutoring_identity::Backend;

pub(crate) use views::snapshot;

type State = seaworthy::axum::extract::State<Arc<Api>>;

/// The permission to read profiles of trainers.
const TRAINER_READ: &str = "trainer:read";
/// The permission to change profiles of trainers.
const TRAINER_WRITE: &str = "trainer:write";

/// The state of the handlers of requests and messages.
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
        .get("/", profiles::list)
        .get("/{id}", profiles::card)
        .with_options(|options| options.access(Access::Public));
    let shared = Routes::new()
        .get("/{id}/profile", profiles::show)
        .put("/{id}/profile", profiles::change)
        .get("/{id}/performance", profiles::performance)
        .get("/{id}/substitutions", profiles::substitutions)
        .get("/{id}/payroll/info", payroll::info)
        .get("/{id}/payroll/monthly", payroll::monthly)
        .get("/{id}/payroll/history", payroll::history)
        .with_options(|options| options.roles([Role::Trainer.as_str(), Role::Admin.as_str()]));
    let own = Routes::new()
        .post("/confirm-location", own::confirm_location)
        .get("/location/status", own::location_status)
        .put("/{id}/availability", own::set_availability)
        .post("/{id}/allocations/preference", own::set_preference)
        .get("/{id}/bank-details", own::bank_details)
        .put("/{id}/bank-details", own::set_bank_details)
        .with_options(|options| options.roles([Role::Trainer.as_str()]));
    Routes::new()
        .nest("/api/v1/trainers", public.merge(shared).merge(own))
        .with_state(api)
}
