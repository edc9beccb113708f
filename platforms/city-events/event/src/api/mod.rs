//! The HTTP and gRPC interfaces. Both use the same store operations.

mod errors;
mod grpc;
mod http;
mod imports;
mod views;

use city_events_contract::event::v1::{EventServiceContract, EventServiceMethod};
use seaworthy::{contract::ContractConfig, csv::Imports, grpc::MethodOptions};

use crate::store::{EventRows, Store};
use errors::EventErrors;
use grpc::Calls;

pub(crate) use http::routes;

/// Returns the gRPC service.
pub(crate) fn contract(store: Store, imports: Imports<EventRows>) -> EventServiceContract<Calls> {
    let config = ContractConfig::default().with_errors(EventErrors);
    EventServiceContract::with_config(Calls::new(store, imports), config)
}

/// Returns the options of a gRPC method. Public calls have no rate limit, because the gateway sends
/// the calls of all visitors from one address.
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
        | EventServiceMethod::GetOwnEvent
        | EventServiceMethod::CreateImport
        | EventServiceMethod::GetImport
        | EventServiceMethod::ListImports
        | EventServiceMethod::ConfirmImport
        | EventServiceMethod::CancelImport
        | EventServiceMethod::UndoImport => MethodOptions::new(),
    }
}
