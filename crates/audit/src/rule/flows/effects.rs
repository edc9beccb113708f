//! Rules about effects that reach a function through the functions that it calls.

use super::{Flows, each, everywhere, of_functions};
use crate::model::facts::{Effects, FlowCall, FunctionFlow};
use crate::model::{Model, Service};
use crate::packs::is_start;
use crate::rule::{Breach, Outcome};

/// A call of an async function of the service whose promise no code awaits. All functions with the
/// name are async.
#[must_use]
pub fn dropped_promises(model: &Model) -> Vec<Outcome> {
    everywhere(model, |service| each(service, dropped_promise))
}

fn dropped_promise<'s>(
    flows: &Flows<'s>,
    _: &'s FunctionFlow,
    calls: &[(&'s FlowCall, Effects)],
) -> Option<Breach> {
    let (call, _) = calls.iter().find(|(call, _)| {
        let named = flows.by_name.get(&*call.method);
        let mut named = named.into_iter().flatten().peekable();
        call.is_dropped
            && call.is_resolvable
            && named.peek().is_some()
            && named.all(|index| {
                flows
                    .functions
                    .get(*index)
                    .is_some_and(|function| function.is_async)
            })
    })?;
    let evidence = format!(
        "no code awaits `{}`, so its failure is unhandled",
        call.method
    );
    Some(Breach::review(call.at.clone(), evidence))
}

/// A change of the database and a message, or a change in another service and one of the database,
/// that are not atomic.
#[must_use]
pub fn dual_writes(service: &Service) -> Vec<Outcome> {
    each(service, |flows, function, calls| {
        if function.compensates {
            return None;
        }
        let write = calls
            .iter()
            .find(|(_, effects)| effects.has(Effects::WRITE))
            .map(|(call, _)| *call)?;
        let after = |call: &FlowCall| call.at.span.start >= write.at.span.end;
        let send = calls.iter().find(|(call, effects)| {
            after(call) && effects.has(Effects::PUBLISH.with(Effects::CHANGE))
        });
        if let Some((send, effects)) = send {
            let what = if effects.has(Effects::PUBLISH) {
                "sends a message"
            } else {
                "changes another service"
            };
            let evidence = format!(
                "`{}` changes the database, and `{}` {what} outside of its transaction",
                write.method, send.method
            );
            let origin = flows.origin(send, Effects::PUBLISH.with(Effects::CHANGE));
            let places = origin.map(|origin| origin.at.clone());
            let places = [write.at.clone()].into_iter().chain(places);
            return Some(Breach::review(send.at.clone(), evidence).related(places));
        }
        let first = calls.iter().find(|(call, effects)| {
            call.at.span.end <= write.at.span.start
                && effects.has(Effects::PUBLISH.with(Effects::CHANGE))
        });
        let (first, _) = first?;
        let evidence = format!(
            "`{}` has its effect outside of this service, and a failure of `{}` after it loses the record",
            first.method, write.method
        );
        Some(Breach::review(first.at.clone(), evidence).related([write.at.clone()]))
    })
}

/// A look-up that decides whether a record is new, and an insert after it, one of them in a called
/// function or by another method.
#[must_use]
pub fn lookups_before_inserts(model: &Model) -> Vec<Outcome> {
    everywhere(model, |service| {
        each(service, |_, function, calls| {
            let (read, _) = calls.iter().find(|(call, effects)| {
                function.rejects
                    && (call.effects.has(Effects::READ)
                        || effects.has(Effects::READ.with(Effects::REMOTE))
                            && is_lookup(&call.method))
            })?;
            let (insert, _) = calls.iter().find(|(call, effects)| {
                call.at.span.start >= read.at.span.end
                    && (effects.has(Effects::INSERT)
                        || effects.has(Effects::CHANGE) && is_creation(&call.method))
            })?;
            let evidence = format!(
                "`{}` decides whether `{}` may add the record, so parallel requests both add it",
                read.method, insert.method
            );
            Some(Breach::guess(read.at.clone(), evidence).related([insert.at.clone()]))
        })
    })
}

/// Whether the name of a function means that it looks up one record: `getByEmail`, `isEmailTaken`.
fn is_lookup(method: &str) -> bool {
    let lower = method.to_lowercase();
    ["get", "find", "exists", "is", "has", "check", "lookup"]
        .iter()
        .any(|verb| lower.starts_with(verb))
        && [
            "by",
            "exist",
            "uniq",
            "taken",
            "registered",
            "duplicate",
            "used",
        ]
        .iter()
        .any(|word| lower.contains(word))
}

/// Whether the name of a function means that it adds a record in another service.
fn is_creation(method: &str) -> bool {
    let lower = method.to_lowercase();
    ["create", "add", "register", "insert", "save"]
        .iter()
        .any(|verb| lower.starts_with(verb))
}

/// Further calls in one transaction that a report lists.
const MAX_OTHERS: usize = 8;

/// A call of another service or a message while a transaction is open.
#[must_use]
pub fn remote_in_transaction(service: &Service) -> Vec<Outcome> {
    each(service, |_, _, calls| {
        let (call, effects) = calls.iter().find(|(call, effects)| {
            call.in_transaction && effects.has(Effects::REMOTE.with(Effects::PUBLISH))
        })?;
        let what = if effects.has(Effects::REMOTE) {
            "calls another service"
        } else {
            "sends a message"
        };
        let evidence = format!("`{}` {what} while the transaction is open", call.method);
        // Each call holds the transaction open, so the report lists all of them.
        let others = calls.iter().filter(|(other, effects)| {
            other.in_transaction
                && other.at.span.start > call.at.span.start
                && effects.has(Effects::REMOTE.with(Effects::PUBLISH))
        });
        let write = calls
            .iter()
            .find(|(call, effects)| call.in_transaction && effects.has(Effects::WRITE));
        let places: Vec<_> = write
            .into_iter()
            .chain(others.take(MAX_OTHERS))
            .map(|(call, _)| call.at.clone())
            .collect();
        Some(Breach::review(call.at.clone(), evidence).related(places))
    })
}

/// A query or a remote call that a called function makes for each element of a list.
#[must_use]
pub fn queries_per_row(model: &Model) -> Vec<Outcome> {
    everywhere(model, |service| {
        of_functions(
            service,
            |name| !is_start(name) || is_view(name),
            |_, function, calls| query_per_row(function, calls),
        )
    })
}

fn query_per_row(function: &FunctionFlow, calls: &[(&FlowCall, Effects)]) -> Option<Breach> {
    let (call, _) = calls.iter().find(|(call, effects)| {
        // Clients of databases in Rust are asynchronous.
        call.in_loop
            && (function.is_async || !call.at.path.ends_with(".rs"))
            && (call.effects.without(Effects::BLOCK) == Effects::default()
                || !call.receiver_type.is_empty())
            && effects.has(Effects::READ.with(Effects::WRITE).with(Effects::REMOTE))
    })?;
    let evidence = format!("`{}` runs once for each element of a list", call.method);
    Some(Breach::review(call.at.clone(), evidence))
}

/// A call that waits on its thread, itself or in a function that it runs, in a coroutine of Python.
#[must_use]
pub fn blocking_calls(model: &Model) -> Vec<Outcome> {
    everywhere(model, |service| {
        each(service, |_, function, calls| {
            let (call, _) = calls
                .iter()
                .find(|(_, effects)| function.is_async && effects.has(Effects::BLOCK))?;
            let evidence = format!(
                "`{}` waits on the thread of the event loop, so all other requests wait too",
                call.method
            );
            Some(Breach::review(call.at.clone(), evidence))
        })
    })
}

/// Whether a function makes a response, although its name is that of a constructor:
/// `newOrderListResponse`.
fn is_view(name: &str) -> bool {
    let lower = name.to_lowercase();
    [
        "response", "dto", "view", "list", "page", "payload", "reply",
    ]
    .iter()
    .any(|end| lower.ends_with(end))
}
