//! Go services.

mod context_key;
mod duration;
mod environment;
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
mod telemetry;

use super::Pack;

pub(super) const PACKS: &[Pack] = &[
    context_key::PACK,
    environment::PACK,
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
    telemetry::PACK,
];
