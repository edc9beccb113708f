//! Go services.

mod environment;
mod gin;
mod http_client;
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
    environment::PACK,
    gin::PACK,
    http_client::PACK,
    net_http::PACK,
    program::PACK,
    messaging::PACK,
    request::PACK,
    resilience::PACK,
    server::PACK,
    startup::PACK,
    telemetry::PACK,
];
