//! Signs: patterns in the text of a file that show whether a practice is followed.
//!
//! A sign needs no grammar, so it works for languages and formats that the auditor does not parse.
//! One file per subject holds its list. A sign that needs the structure of the code belongs in the
//! pack of its language.

mod absent;
mod access;
mod accounts;
mod acknowledgements;
mod addresses;
mod admin;
mod amounts;
mod answers;
mod archived_libraries;
mod ascii;
mod background;
mod bodies;
mod body;
mod causes;
mod checks;
mod chosen_values;
mod clients;
mod compiled;
mod constant_results;
mod constraints;
mod consumers;
mod cors;
mod dead_letters;
mod decisions;
mod defaults;
mod delivery;
mod dependency;
mod details;
mod early_dequeue;
mod early_use;
mod empty_functions;
mod error_flow;
mod event_sourcing;
mod events;
mod exceptions;
mod expiry;
mod exposure;
mod failure_texts;
mod failures;
mod fallbacks;
mod figures;
mod final_states;
mod formats;
mod frameworks;
mod functions;
mod go_zero;
mod guards;
mod habits;
mod handovers;
mod held_locks;
mod hosts;
mod identity;
mod input;
mod languages;
mod leaks;
mod levels;
mod literals;
mod logged_settings;
mod logouts;
mod logs;
mod lookup;
mod lost_settings;
mod manifests;
mod markup;
mod messages;
mod migration;
mod mistakes;
mod nest;
mod nest_limits;
mod one_time_codes;
mod open_routes;
mod operations;
mod order;
mod origins;
mod outages;
mod owners;
mod page_sizes;
mod panics;
mod passwords;
mod percentage_rollouts;
mod plain_clients;
mod prices;
mod probes;
mod process_exits;
mod processes;
mod proxies;
mod queries;
mod query_tokens;
mod races;
mod records;
mod records_of_others;
mod refreshes;
mod relays;
mod remote;
mod remote_values;
mod repeats;
mod repetitions;
mod requests;
mod resources;
mod results;
mod routes;
mod sampling;
mod schedules;
mod scope;
mod script_clients;
mod scripts;
mod servers;
mod services;
mod sessions;
mod settings;
mod shapes;
mod sign;
mod sign_lists;
mod silent_returns;
mod skipped_cleanup;
mod spring;
mod spring_access;
mod spring_faults;
mod spring_health;
mod spring_settings;
mod stale;
mod start;
mod statements;
mod statuses;
mod stock;
mod stops;
mod streams;
mod subscriptions;
mod swallowed;
mod switches;
mod tasks;
mod text_reader;
mod token;
mod transactions;
mod transports;
mod trust;
mod unbounded_collections;
mod unclosed_connections;
mod unused_objects;
mod uploads;
mod upstream;
mod values;
mod webhooks;
mod whole_record_updates;
mod workers;
mod writes;

pub(in crate::packs) use self::functions::{
    compares_state, compensates, guards, handles_messages, is_compared, recognizes_repeats,
};
use self::sign::{GO, JVM, ONE_FUNCTION, PYTHON, SCRIPT, Sign, inside, review};
pub(crate) use self::text_reader::reads;
use super::{Pack, Reader};

pub(super) const PACKS: &[Pack] = &[
    Pack {
        name: "signs",
        reader: Reader::Text(text_reader::read),
    },
    cors::PACK,
    lookup::PACK,
    migration::PACK,
    mistakes::PACK,
    statements::PACK,
    open_routes::PACK,
    servers::PACK,
    functions::PACK,
    early_use::PACK,
    owners::PACK,
    swallowed::PACK,
    bodies::PACK,
    proxies::PACK,
    unbounded_collections::PACK,
    unused_objects::PACK,
];
