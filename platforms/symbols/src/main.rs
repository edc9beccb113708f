//! Symbols: named, versioned blobs that belong to a project, over gRPC and HTTP from one contract.
//!
//! `contract/` says what clients see, `src/domain/` what the words mean, `src/store/` where symbols are kept, and `src/api/` brings the three together.
//!
//! `cargo run --release -p symbols`, then look at <http://127.0.0.1:8000/docs>.

mod api;
mod config;
mod domain;
mod store;

use std::process::ExitCode;

use seaworthy::{grpc::Contracts, prelude::*};

use crate::{config::SymbolsConfig, store::Store};

fn main() -> ExitCode {
    Service::new("symbol-service", env!("CARGO_PKG_VERSION")).main(assemble)
}

async fn assemble(service: &Assembly<SymbolsConfig>) -> Result<(), StartError> {
    let settings = &service.settings().store;
    let store = service.connect("store", || Store::open(settings)).await?;
    service.health().register(store.probe());
    service.request_ids(RequestIds::Uuid);
    Contracts::new()
        .idempotency_keys(api::idempotency(), store.keys())
        .with(api::contract(store))
        .serve(service)
}
