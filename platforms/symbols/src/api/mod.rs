//! The contract's methods, in the words of the domain.

mod contract;
mod convert;
mod errors;
mod symbols;

use seaworthy::contract::ContractConfig;

use crate::store::Store;
use contract::service::symbols::v1::SymbolsServiceContract;
use errors::SymbolErrors;
use symbols::Symbols;

/// The contract over a store, on both transports.
pub(crate) fn contract(store: Store) -> SymbolsServiceContract<Symbols> {
    let config = ContractConfig::default().with_errors(SymbolErrors);
    SymbolsServiceContract::with_config(Symbols::new(store), config)
}
