//! Go services.

mod cleanup;
mod context_key;
mod cors;
mod deadline;
mod duration;
mod environment;
mod exposed;
mod gin;
mod go_zero;
mod grpc;
mod http_client;
mod kratos;
mod messaging;
mod net_http;
mod program;
mod request;
mod resilience;
mod server;
mod startup;
mod state;
mod telemetry;
mod unchecked;
mod worker;

use super::Pack;

pub(super) const PACKS: &[Pack] = &[
    cleanup::PACK,
    context_key::PACK,
    cors::PACK,
    deadline::PACK,
    environment::PACK,
    exposed::PACK,
    gin::PACK,
    go_zero::PACK,
    go_zero::GENERATED,
    go_zero::SETTINGS,
    grpc::PACK,
    http_client::PACK,
    kratos::PACK,
    kratos::GENERATED,
    net_http::PACK,
    program::PACK,
    messaging::PACK,
    request::PACK,
    resilience::PACK,
    server::PACK,
    startup::PACK,
    state::PACK,
    telemetry::PACK,
    unchecked::PACK,
    worker::PACK,
];
