//! Java and Kotlin services.

mod access;
mod manifest;
mod settings;
mod spring;

use super::Pack;

pub(super) const PACKS: &[Pack] = &[
    access::PACK,
    manifest::PACK,
    settings::YAML,
    settings::PROPERTIES,
    spring::PACK,
];
