//! Rust services.

mod listener;
mod program;
mod web;

use super::Pack;

pub(super) const PACKS: &[Pack] = &[listener::PACK, program::PACK, web::PACK];
