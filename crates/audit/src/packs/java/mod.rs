//! Java and Kotlin services.

mod access;
mod habits;
mod manifest;
mod settings;
mod spring;
mod telemetry;

use super::Pack;

pub(super) const PACKS: &[Pack] = &[
    access::PACK,
    habits::PACK,
    manifest::PACK,
    settings::YAML,
    settings::PROPERTIES,
    spring::PACK,
    telemetry::PACK,
];
