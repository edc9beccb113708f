//! Dockerfiles and compose files.

mod compose;
mod dockerfile;
mod ineffective;

use super::Pack;

pub(super) const PACKS: &[Pack] = &[compose::PACK, dockerfile::PACK, ineffective::PACK];
