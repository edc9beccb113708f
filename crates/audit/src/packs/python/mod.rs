//! Python services.

mod environment;
mod fastapi;
mod http_client;
mod practice;
mod program;

use super::Pack;

pub(super) const PACKS: &[Pack] = &[
    environment::PACK,
    fastapi::PACK,
    http_client::PACK,
    practice::PACK,
    program::PACK,
];
