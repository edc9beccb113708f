//! Errors and results that are lost, wrong, or shown to the caller.

mod causes;
mod disabled_effects;
mod empty_functions;
mod error_flow;
mod exceptions;
mod failure_texts;
mod failures;
mod go_early_use;
mod results;
mod rust_panics;
mod shapes;
mod silent_returns;
mod swallowed;
mod unmapped_failures;
mod unused_objects;
mod values;
mod wrong_status;

use super::{GO, JVM, ONE_FUNCTION, PYTHON, SCRIPT, Sign, inside, review};
use crate::packs::Pack;

pub(super) const LISTS: &[&[Sign]] = &[
    causes::SIGNS,
    disabled_effects::SIGNS,
    empty_functions::SIGNS,
    error_flow::SIGNS,
    exceptions::SIGNS,
    failure_texts::SIGNS,
    failures::SIGNS,
    results::SIGNS,
    rust_panics::SIGNS,
    shapes::SIGNS,
    silent_returns::SIGNS,
    unmapped_failures::SIGNS,
    values::SIGNS,
    wrong_status::SIGNS,
];

pub(super) const PACKS: &[Pack] = &[go_early_use::PACK, swallowed::PACK, unused_objects::PACK];
