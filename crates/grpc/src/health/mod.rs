//! The standard gRPC health service for load balancers and orchestrators (HLTH-1).
//!
//! It follows the readiness of the service, so it responds `NOT_SERVING` during the drain of a
//! stop, while calls are still accepted. `Check` and `List` bypass log, traces and load shedding,
//! like the HTTP probes (HLTH-5). `Watch` stays open until its client ends it, so it counts for
//! rate limit and load shedding and has its own limits.

mod contract;
mod listening;
mod service;
mod status;
mod watches;

use crate::MethodOptions;
use seaworthy_health::Health;

use contract::grpc::health::v1::{HealthContract, HealthMethod};
use listening::Listening;
use service::HealthService;
use status::HealthStatus;

/// Follows the health of the service. The returned component ends it when the listeners close.
pub(crate) fn follow(health: &Health) -> (HealthStatus, Listening) {
    let (status, closing) = HealthStatus::new(health.clone());
    (status, Listening(closing))
}

/// Returns the health service for services with these names.
pub(crate) fn contract(
    status: HealthStatus,
    names: &[&'static str],
) -> HealthContract<HealthService> {
    HealthContract::new(HealthService::new(status, names))
}

/// Returns the stack's options for a method.
pub(crate) fn options(method: HealthMethod) -> MethodOptions {
    match method {
        HealthMethod::Check | HealthMethod::List => MethodOptions::new().probe(),
        HealthMethod::Watch => MethodOptions::new().streams_response(),
    }
}

#[cfg(test)]
mod tests;
