//! Python services.

mod django;
mod environment;
mod fastapi;
mod flask;
mod http_client;
mod practice;
mod program;

use super::Pack;

pub(super) const PACKS: &[Pack] = &[
    django::PACK,
    environment::PACK,
    fastapi::PACK,
    flask::PACK,
    http_client::PACK,
    practice::PACK,
    program::PACK,
];
