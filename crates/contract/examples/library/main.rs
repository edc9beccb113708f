//! Serves the contract of the tests over HTTP, for tools that try every operation of its document:
//! `cargo run -p seaworthy-contract --example library`, then
//! `schemathesis run http://127.0.0.1:8080/openapi.json -H "Authorization: Bearer library"`.

use std::{error::Error, sync::Arc};

use axum::{
    Router,
    extract::Request,
    http::header,
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use seaworthy_contract::{
    Code,
    idempotency::{IdempotencyConfig, IdempotencyLayer, MemoryStore},
};

#[path = "../../tests/end_to_end/generated.rs"]
mod generated;
#[path = "../../tests/end_to_end/library.rs"]
mod library;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let config = IdempotencyConfig::default();
    let store = Arc::new(MemoryStore::new(&config));
    let contract = generated::LibraryContract::new(library::Shelves)
        .unguarded_router()
        .layer(IdempotencyLayer::new(config, store, |call| {
            drop(tokio::spawn(call));
        }))
        .layer(middleware::from_fn(require_token));
    let json = [(header::CONTENT_TYPE, "application/json")];
    let router: Router = contract.route(
        "/openapi.json",
        get(async move || (json, generated::OPENAPI)),
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
    axum::serve(listener, router).await?;
    Ok(())
}

/// Requires one token, also for public operations.
async fn require_token(request: Request, next: Next) -> Response {
    let has_token = request
        .headers()
        .get(header::AUTHORIZATION)
        .is_some_and(|value| value == "Bearer library");
    if has_token {
        return next.run(request).await;
    }
    seaworthy_contract::Error::new(
        Code::Unauthenticated,
        "NO_TOKEN",
        "the token is missing: send Authorization: Bearer library",
    )
    .into_response()
}
