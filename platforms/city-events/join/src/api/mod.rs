//! The calls of the service, over HTTP with the contract's routes and envelopes and over gRPC, from one implementation.

mod calls;
mod errors;
mod http;
mod wire;

use std::sync::Arc;

use city_events_contract::join::v1::JoinServiceContract;
use seaworthy::contract::ContractConfig;

use crate::{metrics::JoinMetrics, store::Store};
use calls::Calls;
use errors::JoinErrors;

pub(crate) use http::routes;

/// What both transports answer from.
#[derive(Debug, Clone)]
pub(crate) struct Api {
    store: Store,
    metrics: Arc<JoinMetrics>,
}

impl Api {
    pub(crate) fn new(store: Store, metrics: JoinMetrics) -> Self {
        Self {
            store,
            metrics: Arc::new(metrics),
        }
    }
}

/// The calls over gRPC.
pub(crate) fn contract(api: Api) -> JoinServiceContract<Calls> {
    let config = ContractConfig::default().with_errors(JoinErrors);
    JoinServiceContract::with_config(Calls::new(api), config)
}
