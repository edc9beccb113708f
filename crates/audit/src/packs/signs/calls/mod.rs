//! Outgoing calls: clients, retries, timeouts and the responses of others.

mod addresses;
mod clients;
mod connections_per_call;
mod fallbacks;
mod literal_addresses;
mod nest_calls;
mod outages;
mod proxies;
mod remote_values;
mod repeats;
mod repetitions;
mod requests;
mod statuses;
mod transports;
mod unclosed_connections;
mod upstream;

use super::{GO, HANDLER, JVM, ONE_FUNCTION, PYTHON, SCRIPT, Sign, inside, review};

pub(super) const LISTS: &[&[Sign]] = &[
    addresses::SIGNS,
    clients::SIGNS,
    connections_per_call::SIGNS,
    fallbacks::SIGNS,
    literal_addresses::SIGNS,
    nest_calls::SIGNS,
    outages::SIGNS,
    proxies::SIGNS,
    remote_values::SIGNS,
    repeats::SIGNS,
    repetitions::SIGNS,
    requests::SIGNS,
    statuses::SIGNS,
    transports::SIGNS,
    unclosed_connections::SIGNS,
    upstream::SIGNS,
];
