//! Java and Kotlin services.

mod manifest;
mod spring;

use super::Pack;

pub(super) const PACKS: &[Pack] = &[manifest::PACK, spring::PACK];
