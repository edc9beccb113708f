//! The calls of the service, over HTTP with the contract's routes and envelopes and over gRPC, from one implementation.

mod calls;
mod errors;
mod http;
mod wire;

use city_events_contract::event::v1::{EventServiceContract, EventServiceMethod};
use seaworthy::{contract::ContractConfig, grpc::MethodOptions};

use crate::store::Store;
use calls::Calls;
use errors::EventErrors;

pub(crate) use http::routes;

/// The calls over gRPC.
pub(crate) fn contract(store: Store) -> EventServiceContract<Calls> {
    let config = ContractConfig::default().with_errors(EventErrors);
    EventServiceContract::with_config(Calls::new(store), config)
}

/// Public calls come from the gateway on behalf of all visitors, who must not share one budget.
pub(crate) fn options(method: EventServiceMethod) -> MethodOptions {
    match method {
        EventServiceMethod::ListEvents
        | EventServiceMethod::GetEvent
        | EventServiceMethod::BatchGetEvents
        | EventServiceMethod::SuggestCities => MethodOptions::new().without_rate_limit(),
        EventServiceMethod::CreateEvent
        | EventServiceMethod::UpdateEvent
        | EventServiceMethod::PublishEvent
        | EventServiceMethod::UnpublishEvent
        | EventServiceMethod::CancelEvent
        | EventServiceMethod::ListOwnEvents
        | EventServiceMethod::GetOwnEvent => MethodOptions::new(),
    }
}
