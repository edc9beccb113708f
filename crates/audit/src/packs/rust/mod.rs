//! Rust services.

mod program;
mod web;

use super::Pack;

pub(super) const PACKS: &[Pack] = &[program::PACK, web::PACK];
