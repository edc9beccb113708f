//! Dockerfiles and compose files.

mod compose;
mod dockerfile;

use super::Pack;

pub(super) const PACKS: &[Pack] = &[compose::PACK, dockerfile::PACK];
