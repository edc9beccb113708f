//! Effects that reach a function through the functions that it calls, across the files of a
//! service.

use std::collections::BTreeMap;

use super::{Breach, Outcome};
use crate::model::facts::{Effects, FlowCall, FunctionFlow};
use crate::model::{Model, Service};
use crate::packs::is_start;
use crate::source::Located;

/// More calls in a row than these are not followed.
const MAX_DEPTH: usize = 6;

/// The functions of one service with the effects of each.
struct Flows<'s> {
    functions: Vec<&'s Located<FunctionFlow>>,
    by_name: BTreeMap<&'s str, Vec<usize>>,
    effects: Vec<Effects>,
}

impl<'s> Flows<'s> {
    fn of(functions: Vec<&'s Located<FunctionFlow>>) -> Self {
        let mut by_name: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (index, function) in functions.iter().enumerate() {
            if !function.name.is_empty() {
                by_name.entry(&function.name).or_default().push(index);
            }
        }
        let effects = functions
            .iter()
            .map(|function| {
                function
                    .calls
                    .iter()
                    .fold(Effects::default(), |sum, call| sum.with(call.effects))
            })
            .collect();
        let mut flows = Self {
            functions,
            by_name,
            effects,
        };
        for _ in 0..MAX_DEPTH {
            if !flows.step() {
                break;
            }
        }
        flows
    }

    /// Adds the effects of called functions once. Returns whether an effect was new.
    fn step(&mut self) -> bool {
        let next: Vec<_> = self
            .functions
            .iter()
            .enumerate()
            .map(|(index, function)| {
                let own = self.effects.get(index).copied().unwrap_or_default();
                function
                    .calls
                    .iter()
                    .fold(own, |sum, call| sum.with(self.inherited(function, call)))
            })
            .collect();
        let changed = next != self.effects;
        self.effects = next;
        changed
    }

    /// The effects that all functions with the name of a call share. A function does not inherit
    /// from itself.
    fn inherited(&self, caller: &Located<FunctionFlow>, call: &FlowCall) -> Effects {
        if !call.is_resolvable {
            return Effects::default();
        }
        let called: Vec<_> = self
            .by_name
            .get(&*call.method)
            .into_iter()
            .flatten()
            .filter_map(|index| Some((self.functions.get(*index)?, self.effects.get(*index)?)))
            .filter(|(function, _)| !std::ptr::eq(**function, caller))
            .collect();
        // A function of the same file is more likely than one of another layer.
        let near = called
            .iter()
            .any(|(function, _)| function.at.path == caller.at.path);
        called
            .into_iter()
            .filter(|(function, _)| !near || function.at.path == caller.at.path)
            .map(|(_, effects)| *effects)
            .reduce(Effects::and)
            .unwrap_or_default()
    }

    /// Calls of a function with all their effects.
    fn calls(&self, function: &'s Located<FunctionFlow>) -> Vec<(&'s FlowCall, Effects)> {
        function
            .value
            .calls
            .iter()
            .map(|call| (call, call.effects.with(self.inherited(function, call))))
            .filter(|(call, effects)| call.is_dropped || *effects != Effects::default())
            .collect()
    }

    /// The call that has an effect itself, below a call that inherits it.
    fn origin(&self, call: &'s FlowCall, effects: Effects) -> Option<&'s FlowCall> {
        let mut name: &str = &call.method;
        for _ in 0..MAX_DEPTH {
            let function = self
                .by_name
                .get(name)?
                .iter()
                .filter_map(|index| self.functions.get(*index))
                .find(|function| !self.calls(function).is_empty())?;
            if let Some(found) = function
                .value
                .calls
                .iter()
                .find(|call| call.effects.has(effects))
            {
                return Some(found);
            }
            name = self
                .calls(function)
                .iter()
                .find(|(_, inherited)| inherited.has(effects))
                .map(|(call, _)| &*call.method)?;
        }
        None
    }

    /// Whether a called function recognizes repeated messages.
    fn is_idempotent(&self, call: &FlowCall) -> bool {
        self.by_name
            .get(&*call.method)
            .into_iter()
            .flatten()
            .filter_map(|index| self.functions.get(*index))
            .any(|function| function.is_idempotent)
    }
}

/// The outcomes of a check of each function that answers requests or messages.
fn each(
    service: &Service,
    check: impl for<'s> Fn(&Flows<'s>, &'s FunctionFlow, &[(&'s FlowCall, Effects)]) -> Option<Breach>,
) -> Vec<Outcome> {
    let facts = service.facts.of::<FunctionFlow>();
    let flows = Flows::of(facts.deployed().collect());
    flows
        .functions
        .iter()
        .filter(|function| !is_start(&function.name))
        .filter_map(|function| check(&flows, &function.value, &flows.calls(function)))
        .map(Outcome::from)
        .collect()
}

/// The outcomes of a check in all services. Each place counts once.
fn everywhere(model: &Model, check: impl Fn(&Service) -> Vec<Outcome>) -> Vec<Outcome> {
    model
        .services
        .iter()
        .chain([&model.unowned])
        .flat_map(check)
        .collect()
}

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
    each(service, |_, function, calls| {
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
            return Some(Breach::review(send.at.clone(), evidence).related([write.at.clone()]));
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
            let (read, _) = calls
                .iter()
                .find(|(call, _)| function.refuses && call.effects.has(Effects::READ))?;
            let (insert, _) = calls.iter().find(|(call, effects)| {
                call.at.span.start >= read.at.span.end && effects.has(Effects::INSERT)
            })?;
            let evidence = format!(
                "`{}` decides whether `{}` may add the record, so parallel requests both add it",
                read.method, insert.method
            );
            Some(Breach::review(read.at.clone(), evidence).related([insert.at.clone()]))
        })
    })
}

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
        let write = calls
            .iter()
            .find(|(call, effects)| call.in_transaction && effects.has(Effects::WRITE))
            .map(|(call, _)| call.at.clone());
        Some(Breach::review(call.at.clone(), evidence).related(write))
    })
}

/// A handler of messages that calls a function with an effect, and no function in between
/// recognizes a repeated message.
#[must_use]
pub fn repeated_messages(model: &Model) -> Vec<Outcome> {
    everywhere(model, |service| each(service, repeated_message))
}

fn repeated_message<'s>(
    flows: &Flows<'s>,
    function: &'s FunctionFlow,
    calls: &[(&'s FlowCall, Effects)],
) -> Option<Breach> {
    if !function.handles_messages || function.is_idempotent {
        return None;
    }
    let (call, _) = calls.iter().find(|(call, effects)| {
        effects.has(Effects::INSERT.with(Effects::REMOTE)) && !flows.is_idempotent(call)
    })?;
    let evidence = format!(
        "a message that the broker delivers twice runs `{}` twice",
        call.method
    );
    let origin = flows.origin(call, Effects::INSERT.with(Effects::REMOTE));
    let places = origin.map(|origin| origin.at.clone());
    Some(Breach::review(call.at.clone(), evidence).related(places))
}

/// A query or a remote call that a called function makes for each element of a list.
#[must_use]
pub fn queries_per_row(model: &Model) -> Vec<Outcome> {
    everywhere(model, |service| {
        each(service, |_, _, calls| query_per_row(calls))
    })
}

fn query_per_row(calls: &[(&FlowCall, Effects)]) -> Option<Breach> {
    let (call, _) = calls.iter().find(|(call, effects)| {
        call.in_loop
            && call.effects == Effects::default()
            && effects.has(Effects::READ.with(Effects::WRITE).with(Effects::REMOTE))
    })?;
    let evidence = format!("`{}` runs once for each element of a list", call.method);
    Some(Breach::review(call.at.clone(), evidence))
}
