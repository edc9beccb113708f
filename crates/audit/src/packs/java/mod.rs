//! Java and Kotlin services.

mod access;
mod manifest;
mod practice;
mod self_calls;
mod settings;
mod spring;
mod telemetry;

use super::Pack;

pub(super) const PACKS: &[Pack] = &[
    access::PACK,
    practice::PACK,
    self_calls::PACK,
    manifest::PACK,
    settings::YAML,
    settings::PROPERTIES,
    spring::PACK,
    telemetry::PACK,
];
