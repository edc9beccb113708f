//! Java and Kotlin services.

mod manifest;
mod settings;
mod spring;

use super::Pack;

pub(super) const PACKS: &[Pack] = &[
    manifest::PACK,
    settings::YAML,
    settings::PROPERTIES,
    spring::PACK,
];
