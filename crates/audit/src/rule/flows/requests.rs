//! Rules about what functions that answer requests return and change, and about repeated requests.

use super::Flows;
use super::entries::{Found, Handler, add, contains_any, handlers, is_reported, outcomes};
use crate::model::facts::{Effects, EntryKind, FlowCall, FunctionFlow, Practice};
use crate::model::{Model, Service};
use crate::rule::{Breach, Outcome};

/// Names of records whose second creation costs money or goods, in lower case.
const COSTLY: &[&str] = &[
    "order",
    "transfer",
    "transaction",
    "booking",
    "reservation",
    "appointment",
    "checkout",
    "charge",
    "invoice",
    "purchase",
    "refund",
    "withdraw",
    "deposit",
    "topup",
    "top_up",
    "pay",
];

/// Names of accounts, in lower case.
const ACCOUNTS: &[&str] = &["user", "account", "member", "customer", "profile", "admin"];
/// Words of a record that leaves out its password in responses.
const HIDDEN: &[&str] = &[
    "@Exclude",
    "select: false",
    "json:\"-\"",
    "JsonIgnore",
    "toJSON",
    "WRITE_ONLY",
    "transform",
    "defaultScope",
];

/// Whether a record of an account has a password that responses would contain.
fn has_visible_password(model: &Model, service: &Service) -> bool {
    let records: Vec<_> = model
        .files_of(service)
        .filter(|found| {
            let path = found.file.path.to_lowercase();
            ["entity", "entities", "model", "schema", "domain"]
                .iter()
                .any(|word| path.contains(word))
                && contains_any(&path, ACCOUNTS)
                && !path.contains("dto")
        })
        .filter(|found| found.file.text.to_lowercase().contains("password"))
        .collect();
    !records.is_empty()
        && records
            .iter()
            .all(|found| !HIDDEN.iter().any(|word| found.file.text.contains(word)))
}

/// Handlers that return records of accounts with a password, while no function on their path
/// selects fields.
#[must_use]
pub fn exposed_hashes(model: &Model) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for service in &model.services {
        if !has_visible_password(model, service) {
            continue;
        }
        let facts = service.facts.of::<FunctionFlow>();
        let flows = Flows::of(facts.deployed().collect());
        for handler in handlers(&flows) {
            let returns = matches!(handler.entry.kind, EntryKind::Read | EntryKind::List)
                && contains_any(&handler.entry.subject, ACCOUNTS)
                && !handler.entry.is_rpc
                && flows.has(handler.index, Effects::READ)
                && !is_reported(model, &handler.function.at, &[Practice::ExposedHash]);
            if !returns || flows.reaches(handler.index, &|function| function.selects_fields) {
                continue;
            }
            let evidence = "the handler returns the stored account, and no function on its path leaves out the hash of the password";
            let places = flows.path_to_records(handler.index);
            outcomes.push(
                Breach::review(handler.function.at.clone(), evidence)
                    .related(places)
                    .into(),
            );
        }
    }
    outcomes
}

/// Handlers that return all records, while no function on their path names a limit.
#[must_use]
pub fn lists_without_limit(service: &Service) -> Vec<Outcome> {
    let facts = service.facts.of::<FunctionFlow>();
    let flows = Flows::of(facts.deployed().collect());
    let mut outcomes = Vec::new();
    for handler in handlers(&flows) {
        let reads = Effects::READ.with(Effects::REMOTE);
        let listed = handler.entry.kind == EntryKind::List
            && !handler.entry.is_public
            && flows.has(handler.index, reads);
        if !listed || flows.reaches(handler.index, &|function| function.names_limit) {
            continue;
        }
        let evidence = format!(
            "{} returns all records, and no function on its path names a limit",
            handler.label()
        );
        let places = flows.path_to_records(handler.index);
        outcomes.push(
            Breach::review(handler.function.at.clone(), evidence)
                .related(places)
                .into(),
        );
    }
    outcomes
}

/// Handlers that change a record by an ID of the request, while no function on their path notices
/// that the record does not exist. One breach per file.
#[must_use]
pub fn changes_of_unknown_records(service: &Service) -> Vec<Outcome> {
    let facts = service.facts.of::<FunctionFlow>();
    let flows = Flows::of(facts.deployed().collect());
    let mut found = Found::new();
    for handler in handlers(&flows) {
        let changes = handler.entry.kind == EntryKind::Change
            && handler.entry.selects
            && !handler.entry.is_public
            && flows.has(handler.index, Effects::WRITE);
        if !changes || flows.reaches(handler.index, &|function| function.checks_found) {
            continue;
        }
        let evidence = format!(
            "{} changes a record by its ID, and no function on its path notices that the record does not exist",
            handler.label()
        );
        let path = flows.path_to_records(handler.index);
        add(&mut found, &handler, evidence, path.into_iter());
    }
    outcomes(found)
}

/// Words of the names of handlers that check a password or a code, in lower case.
const CHECKS: &[&str] = &[
    "login",
    "signin",
    "sign_in",
    "authenticate",
    "otp",
    "verifycode",
];
/// Words of code that limits attempts, in lower case.
const LIMITERS: &[&str] = &[
    "ratelimit",
    "rate_limit",
    "rate-limit",
    "throttl",
    "limiter",
    "lockout",
    "failedattempt",
    "failed_attempt",
    "loginattempt",
    "login_attempt",
    "bucket4j",
    "resilience4j.rate",
    "slowapi",
    "maxattempt",
    "max_attempt",
];

/// Handlers of a login or a code of a service without any limiter.
#[must_use]
pub fn unlimited_logins(model: &Model) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for service in model.services.iter().chain([&model.unowned]) {
        let limited = model
            .files_of(service)
            .any(|found| contains_any(&found.file.text.to_lowercase(), LIMITERS));
        if limited {
            continue;
        }
        let facts = service.facts.of::<FunctionFlow>();
        let flows = Flows::of(facts.deployed().collect());
        for handler in handlers(&flows) {
            if !contains_any(&handler.entry.subject, CHECKS)
                || is_reported(model, &handler.function.at, &[Practice::LoginLimit])
            {
                continue;
            }
            let places = flows.path_to_records(handler.index);
            outcomes.push(
                Breach::review(
                    handler.function.at.clone(),
                    "the handler checks a password or a code, and no code of the service counts attempts",
                )
                .related(places)
                .into(),
            );
        }
    }
    outcomes
}

/// Handlers that add an order or a payment, while no function on their path recognizes a repeated
/// request.
#[must_use]
pub fn repeated_requests(model: &Model) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for service in model.services.iter().chain([&model.unowned]) {
        if names_keys(model, service) {
            continue;
        }
        let facts = service.facts.of::<FunctionFlow>();
        let flows = Flows::of(facts.deployed().collect());
        for handler in handlers(&flows) {
            let effect = Effects::INSERT.with(Effects::CHANGE).with(Effects::PUBLISH);
            let costly = handler.entry.kind == EntryKind::Create
                && contains_any(&handler.entry.subject, COSTLY)
                && !handler.entry.is_public;
            if !costly
                || flows.reaches(handler.index, &|function| function.is_idempotent)
                || is_reported(model, &handler.function.at, &[Practice::Idempotency])
            {
                continue;
            }
            let calls = flows.calls(handler.index);
            let Some((call, _)) = calls.iter().find(|(_, effects)| effects.has(effect)) else {
                continue;
            };
            outcomes.push(repeated(&flows, &handler, call, effect));
        }
    }
    outcomes
}

fn repeated<'s>(
    flows: &Flows<'s>,
    handler: &Handler<'s>,
    call: &'s FlowCall,
    effect: Effects,
) -> Outcome {
    let evidence = format!(
        "a client that repeats the request after a timeout runs `{}` twice, because no code recognizes the repetition",
        call.method
    );
    let places = [Some(call), flows.origin(call, effect)]
        .into_iter()
        .flatten()
        .map(|call| call.at.clone());
    let targets = flows.targets_of(handler.function, call);
    let functions = targets
        .into_iter()
        .filter_map(|index| Some(flows.functions.get(index)?.at.clone()))
        .take(2);
    Breach::review(handler.function.at.clone(), evidence)
        .related(places.chain(functions))
        .into()
}

/// Whether the code of a service names an idempotency key.
fn names_keys(model: &Model, service: &Service) -> bool {
    model.files_of(service).any(|found| {
        let text = &found.file.text;
        found.file.language.is_code() && (text.contains("dempoten") || text.contains("IDEMPOTEN"))
    })
}
