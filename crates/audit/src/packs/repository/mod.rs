//! Facts of every repository: secrets, and manifests that mark a directory as a module.

mod module;
mod secret;
mod setting;

use super::Pack;

pub(super) const PACKS: &[Pack] = &[
    module::PACK,
    secret::PACK,
    setting::PACK,
    setting::PROPERTIES,
];
