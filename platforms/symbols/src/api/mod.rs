//! The methods of the contract.

mod convert;
mod errors;
mod symbols;

use seaworthy::{
    axum::response::Response,
    contract::{ContractConfig, idempotency::IdempotencyConfig},
    prelude::*,
};

use crate::contract::service::symbols::v1::SymbolsServiceContract;
use crate::store::Store;
use errors::SymbolErrors;
use symbols::Symbols;

/// Returns the contract over a store, for both transports.
pub(crate) fn contract(store: Store) -> SymbolsServiceContract<Symbols> {
    SymbolsServiceContract::with_config(Symbols::new(store), config())
}

/// Returns the response to a request that no contract serves.
pub(crate) fn rejection(error: Error) -> Response {
    config().rejection(error)
}

fn config() -> ContractConfig {
    ContractConfig::default()
        .with_errors(SymbolErrors)
        .with_error_headers()
}

/// Maximum size of a response: it contains the data of a symbol, and a request has at most 6 MiB.
const MAX_RESPONSE_SIZE: ByteSize = ByteSize::mebibytes(8);

/// Returns the configuration of idempotency keys.
pub(crate) fn idempotency() -> IdempotencyConfig {
    IdempotencyConfig {
        max_response_size: MAX_RESPONSE_SIZE,
        ..IdempotencyConfig::default()
    }
}
