//! The interfaces of the service: HTTP with the routes of the contract, and gRPC.

mod errors;
mod grpc;
mod http;
mod wire;

use std::sync::Arc;

use city_events_contract::{
    Role, Timestamp,
    join::v1::{JoinServiceContract, JoinServiceMethod},
};
use seaworthy::{contract::ContractConfig, grpc::MethodOptions, http::Priority, prelude::*};
use uuid::Uuid;

use crate::{
    application::{JoinError, Joins},
    domain::{Actor, IdempotencyKey, JoinStatus, Rejection},
    metrics::JoinMetrics,
};
use errors::JoinErrors;
use grpc::GrpcService;

pub(crate) use http::routes;

/// The use cases and metrics that both transports share.
#[derive(Debug, Clone)]
pub(crate) struct Api {
    joins: Joins,
    metrics: Arc<JoinMetrics>,
}

impl Api {
    pub(crate) fn new(joins: Joins, metrics: JoinMetrics) -> Self {
        Self {
            joins,
            metrics: Arc::new(metrics),
        }
    }

    /// Joins an event and counts the result.
    async fn join(
        &self,
        actor: Actor,
        event: Uuid,
        key: IdempotencyKey,
    ) -> Result<(JoinStatus, Timestamp), JoinError> {
        let joined = self.joins.join(actor, event, key).await;
        self.metrics.record(&joined);
        joined
    }
}

/// Returns the user of the access token of the current request.
fn current_actor() -> Result<Actor, Rejection> {
    let id = context::with_current(|context| {
        let actor = context.and_then(RequestContext::actor)?;
        Uuid::parse_str(actor.as_str()).ok()
    });
    Ok(Actor {
        id: id.ok_or(Rejection::Unauthenticated)?,
        role: Role::of_caller(),
    })
}

/// Returns the gRPC service.
pub(crate) fn contract(api: Api) -> JoinServiceContract<GrpcService> {
    let config = ContractConfig::default().with_errors(JoinErrors);
    JoinServiceContract::with_config(GrpcService::new(api), config)
}

/// Returns the options of a gRPC method. Under overload, reads are rejected before joins.
pub(crate) fn options(method: JoinServiceMethod) -> MethodOptions {
    match method {
        JoinServiceMethod::Join | JoinServiceMethod::CancelJoin => {
            MethodOptions::new().priority(Priority::Critical)
        }
        JoinServiceMethod::ListOwnJoins
        | JoinServiceMethod::GetParticipation
        | JoinServiceMethod::ListParticipants
        | JoinServiceMethod::ListWaitlist
        | JoinServiceMethod::GetSeats
        | JoinServiceMethod::KickParticipant
        | JoinServiceMethod::BanUser
        | JoinServiceMethod::UnbanUser => MethodOptions::new(),
    }
}
