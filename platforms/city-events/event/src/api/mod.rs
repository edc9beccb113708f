//! The calls of the service, over HTTP with the contract's routes and envelopes and over gRPC, from one implementation.

mod calls;
mod errors;
mod http;
mod wire;

use city_events_contract::event::v1::EventServiceContract;
use seaworthy::{contract::ContractConfig, prelude::*};

use crate::store::Store;
use calls::Calls;
use errors::EventErrors;

pub(crate) use http::routes;

/// What everybody may ask.
const PUBLIC: [&str; 4] = ["ListEvents", "GetEvent", "BatchGetEvents", "SuggestCities"];

/// The calls over gRPC.
pub(crate) fn contract(store: Store) -> EventServiceContract<Calls> {
    let config = ContractConfig::default().with_errors(EventErrors);
    EventServiceContract::with_config(Calls::new(store), config)
}

/// Who may call. Public calls come from a gateway on behalf of everybody, who must not share one budget.
pub(crate) fn options(method: &str) -> RouteOptions {
    if PUBLIC.contains(&method) {
        RouteOptions::new()
            .access(Access::Public)
            .without_rate_limit()
    } else {
        RouteOptions::new().access(Access::Authenticated)
    }
}
