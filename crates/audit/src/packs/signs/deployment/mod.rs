//! Images, manifests and dependencies.

mod archived_libraries;
mod delivery;
mod dependency;
mod manifests;

use super::{Sign, review};

pub(super) const LISTS: &[&[Sign]] = &[
    archived_libraries::SIGNS,
    delivery::SIGNS,
    dependency::SIGNS,
    manifests::SIGNS,
];
