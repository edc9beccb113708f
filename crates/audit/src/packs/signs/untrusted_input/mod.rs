//! Text and files of callers.

mod input;
mod markup;
mod operators;
mod uploads;
mod urls;

use super::{GO, JVM, ONE_FUNCTION, PYTHON, SCRIPT, Sign, review};

pub(super) const LISTS: &[&[Sign]] = &[
    input::SIGNS,
    markup::SIGNS,
    operators::SIGNS,
    uploads::SIGNS,
    urls::SIGNS,
];
