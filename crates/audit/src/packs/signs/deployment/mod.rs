//! Images, manifests and dependencies.

mod archived_libraries;
mod brokers;
mod delivery;
mod dependency;
mod manifests;

use super::{Sign, review};

pub(super) const LISTS: &[&[Sign]] = &[
    archived_libraries::SIGNS,
    brokers::SIGNS,
    delivery::SIGNS,
    dependency::SIGNS,
    manifests::SIGNS,
];
