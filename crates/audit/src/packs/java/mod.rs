//! Java and Kotlin services.

mod access;
mod manifest;
mod practice;
mod settings;
mod spring;
mod telemetry;

use super::Pack;

pub(super) const PACKS: &[Pack] = &[
    access::PACK,
    practice::PACK,
    manifest::PACK,
    settings::YAML,
    settings::PROPERTIES,
    spring::PACK,
    telemetry::PACK,
];
