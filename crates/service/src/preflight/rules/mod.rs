//! The rules, in the order in which their violations are shown.

mod admin;
mod bind_address;
mod browser_address;
mod cors;
mod inline_secret;
mod link;
mod links;
mod mail;
mod memory;
mod redis_password;
mod secret;
mod tls;
mod transport;
mod trusted_proxies;
mod unsafe_values;

pub(crate) use links::{plain_address, plain_link};
pub(crate) use redis_password::needs_password;
pub use secret::weak_key_reason;
pub(crate) use secret::{is_known_sample, is_simple};

use super::{facts::Facts, violation::Violation};

type Rule = fn(&Facts) -> Vec<Violation>;

const RULES: [Rule; 14] = [
    inline_secret::check,
    secret::check,
    tls::check,
    bind_address::check,
    admin::check,
    cors::check,
    browser_address::check,
    memory::check,
    trusted_proxies::check,
    links::check_encryption,
    links::check_locality,
    redis_password::check,
    mail::check,
    unsafe_values::check,
];

/// Returns every violation of every rule.
#[must_use]
pub fn check(facts: &Facts) -> Vec<Violation> {
    RULES.iter().flat_map(|rule| rule(facts)).collect()
}
