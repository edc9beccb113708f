//! Rust services.

mod listener;
mod maps;
mod program;
mod telemetry;
mod web;

use super::Pack;

pub(super) const PACKS: &[Pack] = &[
    listener::PACK,
    maps::PACK,
    program::PACK,
    telemetry::PACK,
    web::PACK,
];
