//! Rules about the callers of functions that answer requests, and of everything that they reach.

use std::collections::BTreeMap;

use super::Flows;
use crate::model::facts::{EntryKind, EntryPoint, FunctionFlow, Observation, Practice, Route};
use crate::model::{Model, Service};
use crate::rule::{Breach, Outcome};
use crate::source::{Located, Location};

/// Names of records that belong to a person, in lower case.
const PERSONAL: &[&str] = &[
    "order",
    "payment",
    "account",
    "user",
    "profile",
    "cart",
    "address",
    "invoice",
    "booking",
    "reservation",
    "appointment",
    "notification",
    "message",
    "wallet",
    "transaction",
    "subscription",
    "document",
    "ticket",
    "session",
    "customer",
    "client",
    "conversation",
    "chat",
    "rental",
    "loan",
    "refund",
    "transfer",
    "balance",
    "patient",
    "member",
    "card",
    "enrollment",
];
/// Names of records that only some callers may add, in lower case.
const MANAGED: &[&str] = &[
    "product",
    "item",
    "categor",
    "role",
    "permission",
    "inventory",
    "stock",
    "warehouse",
    "coupon",
    "voucher",
    "catalog",
    "menu",
    "book",
    "event",
    "price",
];
/// Words of a registration that restricts who may call a handler, in lower case.
const RIGHTS: &[&str] = &["role", "admin", "permission", "authorize", "rbac", "owner"];
/// Maximum number of further places of a report.
const MAX_PLACES: usize = 16;

pub(super) fn contains_any(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| text.contains(word))
}

/// The first handler of each file, and all places by path and line.
pub(super) type Found = BTreeMap<String, (Breach, BTreeMap<(String, usize), Location>)>;

/// One handler of a service with its index.
pub(super) struct Handler<'s> {
    pub(super) index: usize,
    pub(super) function: &'s Located<FunctionFlow>,
    pub(super) entry: &'s EntryPoint,
}

impl Handler<'_> {
    /// The handler in a finding: its name, or "the handler" if it has none.
    pub(super) fn label(&self) -> String {
        let name = &self.function.value.name;
        if name.is_empty() {
            "the handler".to_owned()
        } else {
            format!("`{name}`")
        }
    }
}

pub(super) fn handlers<'s, 'f>(flows: &'f Flows<'s>) -> impl Iterator<Item = Handler<'s>> + 'f {
    flows
        .functions
        .iter()
        .enumerate()
        .filter_map(|(index, function)| {
            let function: &'s Located<FunctionFlow> = function;
            let entry = function.value.entry.as_ref()?;
            Some(Handler {
                index,
                function,
                entry,
            })
        })
}

/// Handlers that read or change a record by an ID of the request, or list the records of all
/// persons, while no function on their path uses the identity of the caller. If the repository has
/// no identities of callers, only records of persons count.
#[must_use]
pub fn records_of_others(model: &Model, has_identities: bool) -> Vec<Outcome> {
    let reported: &[Practice] = if has_identities {
        &[Practice::OpenRoute, Practice::OwnRecord]
    } else {
        &[Practice::OpenRoute]
    };
    let mut found = Found::new();
    for service in model.services.iter().chain([&model.unowned]) {
        let facts = service.facts.of::<FunctionFlow>();
        let flows = Flows::of(facts.deployed().collect());
        let knows_callers = handlers(&flows)
            .any(|handler| handler.entry.is_rpc && handler.function.value.names_caller);
        for handler in handlers(&flows) {
            let entry = handler.entry;
            let personal = contains_any(&entry.subject, PERSONAL);
            let acts = match entry.kind {
                EntryKind::Change => entry.selects,
                EntryKind::Read => personal,
                EntryKind::List => personal,
                // Only some callers may add these records.
                EntryKind::Create => has_identities && contains_any(&entry.subject, MANAGED),
            };
            let known = has_identities || personal;
            if !acts || !known || entry.is_public || entry.has_rights {
                continue;
            }
            if entry.is_rpc && !knows_callers {
                continue;
            }
            if flows.reaches(handler.index, &|function| function.names_caller)
                || is_reported(model, &handler.function.at, reported)
            {
                continue;
            }
            let routes = registrations(service, &handler.function.value.name);
            if routes.iter().any(|at| has_rights(model, at))
                || is_registered_with_rights(model, handler.function)
            {
                continue;
            }
            let path = flows.path_to_records(handler.index);
            let places = routes.into_iter().chain(path);
            add(&mut found, &handler, evidence(&handler), places);
        }
    }
    outcomes(found)
}

/// Adds a handler and further places to the finding of its file.
pub(super) fn add(
    found: &mut Found,
    handler: &Handler<'_>,
    evidence: String,
    others: impl Iterator<Item = Location>,
) {
    let own = &handler.function.at;
    let (_, places) = found
        .entry(own.path.to_string())
        .or_insert_with(|| (Breach::review(own.clone(), evidence), BTreeMap::new()));
    for at in [own.clone()].into_iter().chain(others) {
        places.insert((at.path.to_string(), at.line), at);
    }
}

/// One outcome for each file.
pub(super) fn outcomes(found: Found) -> Vec<Outcome> {
    found
        .into_values()
        .map(|(breach, places)| breach.related(places.into_values().take(MAX_PLACES)).into())
        .collect()
}

fn evidence(handler: &Handler<'_>) -> String {
    let label = handler.label();
    match handler.entry.kind {
        EntryKind::List => format!(
            "{label} lists the records of all persons, and no function on its path uses the identity of the caller"
        ),
        EntryKind::Create => format!(
            "{label} adds a record for every caller, and no function on its path uses the identity or a role of the caller"
        ),
        EntryKind::Read if !handler.entry.selects => format!(
            "{label} reads records of persons, and no function on its path uses the identity of the caller"
        ),
        _ => format!(
            "{label} acts on the record of any ID, and no function on its path uses the identity of the caller"
        ),
    }
}

/// Maximum number of lines between an earlier report and the handler.
const MAX_LINES_BEFORE: usize = 3;
/// Maximum number of lines between the start of a handler and a report inside.
const MAX_LINES_AFTER: usize = 8;

/// Whether another check reports the handler with one of the practices.
pub(super) fn is_reported(model: &Model, at: &Location, practices: &[Practice]) -> bool {
    model.files.get(&*at.path).is_some_and(|found| {
        found
            .facts
            .of::<Observation>()
            .items
            .iter()
            .any(|observation| {
                practices.contains(&observation.practice)
                    && observation.at.line + MAX_LINES_BEFORE >= at.line
                    && observation.at.line <= at.line + MAX_LINES_AFTER
            })
    })
}

/// The places that register a handler for a path.
fn registrations(service: &Service, name: &str) -> Vec<Location> {
    if name.is_empty() {
        return Vec::new();
    }
    let routes = service.facts.of::<Route>();
    routes
        .items
        .iter()
        .filter(|route| {
            route
                .handler
                .rsplit(['.', ':'])
                .next()
                .is_some_and(|last| last.trim_end_matches(['(', ')']) == name)
        })
        .map(|route| route.at.clone())
        .collect()
}

/// The number of lines around the registration of a handler that may name a right.
const NEAR: usize = 8;

/// Whether the file of a handler registers it beside a right:
/// `{ handler: this.remove, permission: REMOVE }`.
fn is_registered_with_rights(model: &Model, function: &Located<FunctionFlow>) -> bool {
    let name = &function.value.name;
    let Some(found) = model
        .files
        .get(&*function.at.path)
        .filter(|_| !name.is_empty())
    else {
        return false;
    };
    let lines: Vec<&str> = found.file.text.lines().collect();
    let named = format!(".{name}");
    lines
        .iter()
        .enumerate()
        .filter(|(_, line)| {
            line.split_once(&named).is_some_and(|(_, rest)| {
                !rest.starts_with(|letter: char| {
                    letter.is_alphanumeric() || matches!(letter, '_' | '(')
                })
            })
        })
        .any(|(at, _)| {
            let around = lines
                .iter()
                .skip(at.saturating_sub(NEAR))
                .take(2 * NEAR + 1);
            around
                .into_iter()
                .any(|line| contains_any(&line.to_lowercase(), RIGHTS))
        })
}

/// Whether the line of a registration names a role or a right, or an earlier line installs a guard
/// that does: `router.use(authorize("admin"))`.
fn has_rights(model: &Model, at: &Location) -> bool {
    model.files.get(&*at.path).is_some_and(|found| {
        let lines = found.file.text.lines().zip(1..).take(at.line);
        lines.into_iter().any(|(line, number)| {
            let lower = line.to_lowercase();
            let installs = [".use(", "group(", ".with("]
                .iter()
                .any(|call| lower.contains(call));
            (installs || number == at.line) && contains_any(&lower, RIGHTS)
        })
    })
}
