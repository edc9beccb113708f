//! Go services.

mod gin;
mod http_client;
mod net_http;
mod program;

use super::Pack;

pub(super) const PACKS: &[Pack] = &[gin::PACK, http_client::PACK, net_http::PACK, program::PACK];
