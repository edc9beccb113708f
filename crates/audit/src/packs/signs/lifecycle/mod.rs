//! Start, stop, tasks and locks.

mod background;
mod goroutines;
mod held_locks;
mod operations;
mod probes;
mod process_exits;
mod processes;
mod schedules;
mod skipped_cleanup;
mod start;
mod stops;
pub(super) mod unbounded_collections;

use super::{GO, JVM, ONE_FUNCTION, PYTHON, SCRIPT, Sign, inside, review};
use crate::packs::Pack;

pub(super) const LISTS: &[&[Sign]] = &[
    background::SIGNS,
    goroutines::SIGNS,
    held_locks::SIGNS,
    operations::SIGNS,
    probes::SIGNS,
    process_exits::SIGNS,
    processes::SIGNS,
    schedules::SIGNS,
    skipped_cleanup::SIGNS,
    start::SIGNS,
    stops::SIGNS,
];

pub(super) const PACKS: &[Pack] = &[unbounded_collections::PACK];
