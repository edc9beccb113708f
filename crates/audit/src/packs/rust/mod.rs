//! Rust services. No pack yet: facts of Rust code are unknown.

use super::Pack;

pub(super) const PACKS: &[Pack] = &[];
