//! Settings, defaults and flags.

mod defaults;
mod invented_data;
mod lost_settings;
mod percentage_rollouts;
mod settings;
mod switches;
mod unset_settings;

use super::{GO, JVM, PYTHON, SCRIPT, Sign, inside, review};

pub(super) const LISTS: &[&[Sign]] = &[
    defaults::SIGNS,
    invented_data::SIGNS,
    lost_settings::SIGNS,
    percentage_rollouts::SIGNS,
    settings::SIGNS,
    switches::SIGNS,
    unset_settings::SIGNS,
];
