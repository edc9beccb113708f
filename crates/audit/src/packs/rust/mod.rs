//! Rust services.

mod listener;
mod program;
mod telemetry;
mod web;

use super::Pack;

pub(super) const PACKS: &[Pack] = &[listener::PACK, program::PACK, telemetry::PACK, web::PACK];
