//! Statements, transactions, races and amounts.

mod absent;
mod amounts;
mod constraints;
mod decisions;
mod destructive_migrations;
mod expiry;
mod final_states;
mod get_or_create;
pub(super) mod lookup;
mod migration;
mod missing_indexes;
mod money_and_labels;
mod order;
mod page_sizes;
mod queries;
mod races;
mod redis_growth;
mod resources;
mod stale;
mod statements;
mod stock;
mod transactions;
mod whole_record_updates;
mod writes;
mod zero_values;

use super::{GO, JVM, ONE_FUNCTION, PYTHON, SCRIPT, Sign, inside, review};
use crate::packs::Pack;

pub(super) const LISTS: &[&[Sign]] = &[
    absent::SIGNS,
    amounts::SIGNS,
    constraints::SIGNS,
    decisions::SIGNS,
    destructive_migrations::SIGNS,
    expiry::SIGNS,
    final_states::SIGNS,
    get_or_create::SIGNS,
    missing_indexes::SIGNS,
    money_and_labels::SIGNS,
    order::SIGNS,
    page_sizes::SIGNS,
    queries::SIGNS,
    races::SIGNS,
    redis_growth::SIGNS,
    resources::SIGNS,
    stale::SIGNS,
    stock::SIGNS,
    transactions::SIGNS,
    whole_record_updates::SIGNS,
    writes::SIGNS,
    zero_values::SIGNS,
];

pub(super) const PACKS: &[Pack] = &[lookup::PACK, migration::PACK, statements::PACK];
