//! Java services. No pack yet: facts of Java code are unknown.

use super::Pack;

pub(super) const PACKS: &[Pack] = &[];
