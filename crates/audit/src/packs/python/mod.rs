//! Python services.

mod command;
mod django;
mod environment;
mod fastapi;
mod flask;
mod http_client;
mod job;
mod open_route;
mod practice;
mod program;
mod server;

use super::Pack;

pub(super) const PACKS: &[Pack] = &[
    command::PACK,
    django::PACK,
    environment::PACK,
    fastapi::PACK,
    open_route::PACK,
    flask::PACK,
    http_client::PACK,
    job::PACK,
    practice::PACK,
    program::PACK,
    server::PACK,
];
