//! Python services.

mod fastapi;
mod http_client;
mod program;

use super::Pack;

pub(super) const PACKS: &[Pack] = &[fastapi::PACK, http_client::PACK, program::PACK];
