//! Signs: patterns in the text of a file that show whether a practice is followed.
//!
//! A sign needs no grammar, so it works for languages and formats that the auditor does not parse.
//! One file per subject holds its list. A sign that needs the structure of the code belongs into a
//! pack of its language.

mod abandoned;
mod absent;
mod access;
mod accounts;
mod acknowledgements;
mod addresses;
mod admin;
mod amounts;
mod answers;
mod ascii;
mod background;
mod bodies;
mod body;
mod causes;
mod chance;
mod changed_wholes;
mod checks;
mod chosen_values;
mod clients;
mod clients_of_script;
mod closing;
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
mod early_use;
mod endings;
mod ends;
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
mod formats;
mod frameworks;
mod functions;
mod growing;
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
mod open_routes;
mod order;
mod origins;
mod outages;
mod owners;
mod page_sizes;
mod panics;
mod passwords;
mod plain_clients;
mod prices;
mod probes;
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
mod sampling;
mod schedules;
mod scope;
mod scripts;
mod servers;
mod services;
mod sessions;
mod settings;
mod shapes;
mod spring;
mod spring_access;
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
mod taking;
mod tasks;
mod token;
mod transactions;
mod transports;
mod trust;
mod uploads;
mod upstream;
mod values;
mod webhooks;
mod workers;
mod writes;

use std::collections::BTreeSet;

use regex::{Captures, Match};

use self::compiled::{COMPILED, ELSEWHERE};
pub(in crate::packs) use self::functions::{
    compares_state, compensates, guards, handles_messages, is_compared, recognizes_repeats,
};
use super::{Pack, Reader};
use crate::model::FactSink;
use crate::model::facts::{Elsewhere, Practice, Topic, Verdict};
use crate::repository::Role;
use crate::source::SourceFile;

pub(super) const PACKS: &[Pack] = &[
    Pack {
        name: "signs",
        reader: Reader::Text(read),
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
    growing::PACK,
];

/// The value of `within` for a pattern of several lines that counts inside one function only.
const ONE_FUNCTION: &str = r"\w";
/// Ends of the paths of JavaScript and TypeScript.
const SCRIPT: &[&str] = &[".ts", ".js", ".mjs"];
const GO: &[&str] = &[".go"];
const PYTHON: &[&str] = &[".py"];
/// Ends of the paths of Java and Kotlin.
const JVM: &[&str] = &[".java", ".kt"];

/// A pattern that shows a violated practice.
#[derive(Debug, Clone, Copy)]
struct Sign {
    topic: Topic,
    verdict: Verdict,
    /// Suffixes of the paths that are read, in lower case.
    files: &'static [&'static str],
    /// The pattern. Its group `what`, if it has one, replaces `{}` in the evidence.
    pattern: &'static str,
    /// A pattern of the same file that follows the practice. Empty for none.
    unless: &'static str,
    /// A pattern of any file of the service that follows the practice. Empty for none.
    elsewhere: &'static str,
    /// A pattern that the function around the place must contain. Empty for none.
    within: &'static str,
    /// The evidence in one sentence.
    evidence: &'static str,
}

/// A sign that a person has to verify.
const fn review(
    topic: Topic,
    files: &'static [&'static str],
    pattern: &'static str,
    unless: &'static str,
    evidence: &'static str,
) -> Sign {
    Sign {
        topic,
        verdict: Verdict::Review,
        files,
        pattern,
        unless,
        elsewhere: "",
        within: "",
        evidence,
    }
}

/// A sign that counts only in functions that contain another pattern.
const fn inside(
    topic: Topic,
    files: &'static [&'static str],
    pattern: &'static str,
    within: &'static str,
    unless: &'static str,
    evidence: &'static str,
) -> Sign {
    Sign {
        within,
        ..review(topic, files, pattern, unless, evidence)
    }
}

const LISTS: &[&[Sign]] = &[
    absent::SIGNS,
    literals::SIGNS,
    transactions::SIGNS,
    outages::SIGNS,
    causes::SIGNS,
    endings::SIGNS,
    transports::SIGNS,
    trust::SIGNS,
    logged_settings::SIGNS,
    acknowledgements::SIGNS,
    access::SIGNS,
    accounts::SIGNS,
    amounts::SIGNS,
    answers::SIGNS,
    chance::SIGNS,
    checks::SIGNS,
    clients::SIGNS,
    clients_of_script::SIGNS,
    closing::SIGNS,
    consumers::SIGNS,
    dead_letters::SIGNS,
    defaults::SIGNS,
    delivery::SIGNS,
    dependency::SIGNS,
    ends::SIGNS,
    error_flow::SIGNS,
    exceptions::SIGNS,
    expiry::SIGNS,
    exposure::SIGNS,
    failures::SIGNS,
    frameworks::SIGNS,
    guards::SIGNS,
    input::SIGNS,
    leaks::SIGNS,
    levels::SIGNS,
    logouts::SIGNS,
    logs::SIGNS,
    messages::SIGNS,
    nest::SIGNS,
    order::SIGNS,
    origins::SIGNS,
    page_sizes::SIGNS,
    queries::SIGNS,
    records::SIGNS,
    probes::SIGNS,
    remote::SIGNS,
    repetitions::SIGNS,
    races::SIGNS,
    requests::SIGNS,
    resources::SIGNS,
    sampling::SIGNS,
    scripts::SIGNS,
    settings::SIGNS,
    spring::SIGNS,
    stale::SIGNS,
    start::SIGNS,
    stops::SIGNS,
    tasks::SIGNS,
    token::SIGNS,
    uploads::SIGNS,
    values::SIGNS,
    background::SIGNS,
    events::SIGNS,
    fallbacks::SIGNS,
    formats::SIGNS,
    hosts::SIGNS,
    identity::SIGNS,
    lost_settings::SIGNS,
    manifests::SIGNS,
    panics::SIGNS,
    passwords::SIGNS,
    query_tokens::SIGNS,
    records_of_others::SIGNS,
    subscriptions::SIGNS,
    switches::SIGNS,
    taking::SIGNS,
    constant_results::SIGNS,
    event_sourcing::SIGNS,
    habits::SIGNS,
    handovers::SIGNS,
    plain_clients::SIGNS,
    stock::SIGNS,
    workers::SIGNS,
    writes::SIGNS,
    abandoned::SIGNS,
    details::SIGNS,
    upstream::SIGNS,
    figures::SIGNS,
    addresses::SIGNS,
    markup::SIGNS,
    admin::SIGNS,
    constraints::SIGNS,
    decisions::SIGNS,
    held_locks::SIGNS,
    results::SIGNS,
    statuses::SIGNS,
    webhooks::SIGNS,
    services::SIGNS,
    sessions::SIGNS,
    shapes::SIGNS,
    prices::SIGNS,
    relays::SIGNS,
    spring_access::SIGNS,
    streams::SIGNS,
    nest_limits::SIGNS,
    changed_wholes::SIGNS,
    remote_values::SIGNS,
    spring_health::SIGNS,
    spring_settings::SIGNS,
    chosen_values::SIGNS,
    schedules::SIGNS,
    failure_texts::SIGNS,
    processes::SIGNS,
    repeats::SIGNS,
    refreshes::SIGNS,
];

fn signs() -> impl Iterator<Item = &'static Sign> {
    LISTS
        .iter()
        .chain(languages::LISTS)
        .flat_map(|list| list.iter())
}

/// Maximum number of reported places in one file. More places add no information.
const MAX_PLACES: usize = 20;
/// Maximum number of matches that are read, with those in comments and tests.
const MAX_MATCHES: usize = 200;

fn read(file: &SourceFile, facts: &mut FactSink<'_>) {
    if file.role != Role::Production {
        return;
    }
    for (pattern, regex) in ELSEWHERE.iter() {
        if let Some(found) = regex.find(&file.text) {
            facts.add(Elsewhere { pattern }, found.range());
        }
    }
    let path = file.path.to_lowercase();
    for compiled in COMPILED.iter().filter(|own| applies(&own.sign, &path)) {
        let Some(pattern) = compiled.pattern() else {
            continue;
        };
        let mut places = pattern
            .captures_iter(&file.text)
            .take(MAX_MATCHES)
            .filter(|captures| !is_aside(file, captures))
            .take(MAX_PLACES)
            .peekable();
        let code = file.language.is_code() || file.language.is_text_code();
        let needs = !compiled.sign.within.is_empty();
        let local = (scope::is_local(compiled.sign.topic) || needs) && code;
        if places.peek().is_none()
            || !local && compiled.keeps(&file.text)
            || compiled.sign.topic == Topic::OutboundTimeout && scope::is_page(file)
        {
            continue;
        }
        let mut seen = BTreeSet::new();
        for captures in places {
            let at = captures.get(0).map_or(0, |found| found.start());
            let end = captures.get(0).map_or(0, |found| found.end());
            if local {
                let whole = compiled.sign.within == ONE_FUNCTION;
                let at = if whole {
                    scope::below_annotations(&file.text, at, end)
                } else {
                    at
                };
                let around = scope::around(&file.text, at, end);
                if whole && !scope::is_one_function(&file.text, at, end) {
                    continue;
                }
                // Report the same call in a function once.
                let own = (around.as_ptr(), evidence(compiled.sign.evidence, &captures));
                if !compiled.needs(around) || compiled.keeps(around) || !seen.insert(own) {
                    continue;
                }
            }
            let span = shown(&captures)
                .or_else(|| captures.get(0))
                .map(|found| found.range())
                .unwrap_or_default();
            let practice = Practice {
                topic: compiled.sign.topic,
                verdict: compiled.sign.verdict,
                elsewhere: compiled.sign.elsewhere,
                evidence: evidence(compiled.sign.evidence, &captures),
            };
            facts.add(practice, span);
        }
    }
}

fn applies(sign: &Sign, path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let for_developers = name.ends_with(".txt")
        && ["dev", "test", "doc", "lint"]
            .iter()
            .any(|word| name.contains(word));
    let seeds =
        path.contains("db/seed") || path.contains("/seeders/") || path.contains("factories/");
    let for_data = seeds
        && matches!(
            sign.topic,
            Topic::CodeCredential | Topic::IgnoredError | Topic::TokenLifetime | Topic::Print
        );
    let for_environment = ["environments/development.rb", "environments/test.rb"]
        .iter()
        .any(|end| path.ends_with(end));
    !for_developers
        && !for_data
        && !for_environment
        && sign.files.iter().any(|end| path.ends_with(end))
}

/// Whether a sign of the topic reads a file.
pub(crate) fn reads(topic: Topic, file: &SourceFile) -> bool {
    let path = file.path.to_lowercase();
    signs().any(|sign| sign.topic == topic && applies(sign, &path))
        || topic == Topic::OpenRoute && (open_routes::reads(&path) || path.ends_with(".py"))
        || topic == Topic::UncheckedLookup && lookup::reads(&path)
        || topic == Topic::OwnRecord && owners::reads(&path)
        || topic == Topic::GrowingMemory && growing::reads(&path)
        || matches!(
            topic,
            Topic::PartialWrite | Topic::LookupBeforeInsert | Topic::Ownership | Topic::SharedState
        ) && [".rs", ".go", ".java", ".kt", ".js", ".ts", ".py"]
            .iter()
            .any(|end| path.ends_with(end))
}

/// The text of a file without the tests that a Rust file ends with.
fn before_tests(file: &SourceFile) -> &str {
    if !file.path.ends_with(".rs") {
        return &file.text;
    }
    file.text
        .split_once("#[cfg(test)]")
        .map_or(&*file.text, |(before, _)| before)
}

/// The reported code: the group `what`, or `other` in a second alternative.
fn shown<'t>(captures: &Captures<'t>) -> Option<Match<'t>> {
    captures.name("what").or_else(|| captures.name("other"))
}

fn evidence(text: &str, captures: &Captures<'_>) -> String {
    shown(captures).map_or_else(
        || text.to_owned(),
        |what| text.replace("{}", what.as_str().trim()),
    )
}

/// Whether a match is in a comment, or in tests that a Rust file ends with.
fn is_aside(file: &SourceFile, captures: &Captures<'_>) -> bool {
    let Some(found) = captures.name("what").or_else(|| captures.get(0)) else {
        return true;
    };
    let before = file.text.get(..found.start()).unwrap_or_default();
    let start = before.rfind('\n').map_or(0, |line| line + 1);
    let line = file.text.get(start..).unwrap_or_default().trim_start();
    let comment = ["//", "/*", "* ", "<!--", "--"]
        .iter()
        .any(|mark| line.starts_with(mark))
        || line.starts_with('#') && !line.starts_with("#[");
    comment || file.path.ends_with(".rs") && before.contains("#[cfg(test)]")
}

#[cfg(test)]
mod tests {
    use regex::Regex;

    use super::{COMPILED, ELSEWHERE};

    #[test]
    fn every_pattern_compiles() {
        for compiled in COMPILED.iter() {
            let sign = compiled.sign;
            assert!(compiled.pattern().is_some(), "{}", sign.pattern);
            assert!(Regex::new(sign.unless).is_ok(), "{}", sign.unless);
            assert!(Regex::new(sign.within).is_ok(), "{}", sign.within);
            let known = sign.elsewhere.is_empty()
                || ELSEWHERE.iter().any(|(text, _)| *text == sign.elsewhere);
            assert!(known, "{}", sign.elsewhere);
        }
    }
}
