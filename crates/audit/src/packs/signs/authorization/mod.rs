//! Who may call, and how a caller proves it.

mod access;
mod accounts;
mod admin;
mod caller_claims;
mod checks;
mod chosen_values;
mod cors;
mod disabled_guards;
mod exposure;
mod guarded_without_user;
mod identity;
mod login_times;
mod logouts;
mod one_time_codes;
pub(super) mod open_routes;
mod origins;
pub(super) mod owners;
mod passwords;
mod prices;
mod query_tokens;
mod records_of_others;
mod refreshes;
mod sessions;
mod token;
mod token_audience;
mod unused_identity;
mod wall_clock;

use super::{GO, JVM, ONE_FUNCTION, PYTHON, SCRIPT, Sign, inside, review};
use crate::packs::Pack;

pub(super) const LISTS: &[&[Sign]] = &[
    access::SIGNS,
    accounts::SIGNS,
    admin::SIGNS,
    caller_claims::SIGNS,
    checks::SIGNS,
    disabled_guards::SIGNS,
    chosen_values::SIGNS,
    exposure::SIGNS,
    identity::SIGNS,
    login_times::SIGNS,
    logouts::SIGNS,
    one_time_codes::SIGNS,
    origins::SIGNS,
    passwords::SIGNS,
    prices::SIGNS,
    query_tokens::SIGNS,
    records_of_others::SIGNS,
    refreshes::SIGNS,
    sessions::SIGNS,
    token::SIGNS,
    token_audience::SIGNS,
    wall_clock::SIGNS,
];

pub(super) const PACKS: &[Pack] = &[
    cors::PACK,
    open_routes::PACK,
    owners::PACK,
    guarded_without_user::PACK,
    unused_identity::PACK,
];
