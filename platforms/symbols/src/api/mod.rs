//! The contract's methods, in the words of the domain.

mod convert;
mod errors;
mod symbols;

use seaworthy::{
    contract::{ContractConfig, idempotency::IdempotencyConfig},
    prelude::*,
};

use crate::contract::service::symbols::v1::SymbolsServiceContract;
use crate::store::Store;
use errors::SymbolErrors;
use symbols::Symbols;

/// The contract over a store, on both transports.
pub(crate) fn contract(store: Store) -> SymbolsServiceContract<Symbols> {
    let config = ContractConfig::default()
        .with_errors(SymbolErrors)
        .with_error_headers();
    SymbolsServiceContract::with_config(Symbols::new(store), config)
}

/// An answer repeats the data of a symbol, and the largest request that is taken is 6 MiB.
const ANSWER_LIMIT: ByteSize = ByteSize::mebibytes(8);

/// How repeats are told.
pub(crate) fn idempotency() -> IdempotencyConfig {
    IdempotencyConfig {
        max_answer_size: ANSWER_LIMIT,
        ..IdempotencyConfig::default()
    }
}
