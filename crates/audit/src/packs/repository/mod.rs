//! What every repository has: secrets, and manifests that make a folder a module.

mod module;
mod secret;
mod setting;

use super::Pack;

pub(super) const PACKS: &[Pack] = &[module::PACK, secret::PACK, setting::PACK];
