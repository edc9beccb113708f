//! The rules, in the order in which their findings are shown.

mod admin;
mod bind_address;
mod browser_address;
mod cors;
mod inline_secret;
mod limits;
mod link;
mod links;
mod log_level;
mod mail;
mod memory;
mod migrations;
mod rate_limit;
mod secret;
mod tls;
mod transport;
mod trusted_proxies;

pub(crate) use links::plain_link;
pub(crate) use secret::is_known_sample;

use super::{facts::Facts, violation::Violation};

type Rule = fn(&Facts) -> Vec<Violation>;

const RULES: [Rule; 16] = [
    inline_secret::check,
    secret::check,
    tls::check,
    bind_address::check,
    admin::check,
    cors::check,
    browser_address::check,
    rate_limit::check,
    limits::check,
    memory::check,
    trusted_proxies::check,
    links::check_encryption,
    links::check_locality,
    mail::check,
    migrations::check,
    log_level::check,
];

/// Every violation of every rule.
#[must_use]
pub fn check(facts: &Facts) -> Vec<Violation> {
    RULES.iter().flat_map(|rule| rule(facts)).collect()
}
