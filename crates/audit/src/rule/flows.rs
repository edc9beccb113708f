//! Effects that reach a function through the functions that it calls, across the files of a
//! service.

use std::collections::{BTreeMap, BTreeSet};

use super::{Breach, Outcome};
use crate::model::facts::{Effects, FlowCall, FunctionFlow};
use crate::model::{Model, Service};
use crate::packs::{FALLIBLE, is_start};
use crate::source::Located;

/// More calls in a row than these are not followed.
const MAX_DEPTH: usize = 6;

/// The functions of one service with the effects of each.
struct Flows<'s> {
    functions: Vec<&'s Located<FunctionFlow>>,
    by_name: BTreeMap<&'s str, Vec<usize>>,
    /// The functions that each call of each function may run.
    targets: Vec<Vec<Vec<usize>>>,
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
            targets: Vec::new(),
            effects,
        };
        flows.targets = flows
            .functions
            .iter()
            .map(|function| {
                let calls = function.calls.iter();
                calls.map(|call| flows.targets_of(function, call)).collect()
            })
            .collect();
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
            .effects
            .iter()
            .enumerate()
            .map(|(index, own)| {
                let targets = self.targets.get(index).into_iter().flatten();
                targets.fold(*own, |sum, targets| sum.with(self.shared(targets)))
            })
            .collect();
        let changed = next != self.effects;
        self.effects = next;
        changed
    }

    /// The functions that a call may run. The type of the receiver decides. Without a type of the
    /// service, all functions with the name count. A function does not call itself.
    fn targets_of(&self, caller: &Located<FunctionFlow>, call: &FlowCall) -> Vec<usize> {
        let named = self.by_name.get(&*call.method).into_iter().flatten();
        let named: Vec<_> = named
            .filter_map(|index| Some((*index, *self.functions.get(*index)?)))
            .filter(|(_, function)| !std::ptr::eq(*function, caller))
            .collect();
        if named.is_empty() {
            return Vec::new();
        }
        if !call.receiver_type.is_empty() {
            let wanted = call.receiver_type.to_lowercase();
            let of = |is_owner: &dyn Fn(&str) -> bool| -> Vec<usize> {
                let typed = named.iter().filter(|(_, function)| {
                    !function.owner.is_empty() && is_owner(&function.owner.to_lowercase())
                });
                typed.map(|(index, _)| *index).collect()
            };
            let exact = of(&|owner| owner == wanted);
            if !exact.is_empty() {
                return exact;
            }
            // `OrderServiceImpl` implements `OrderService`.
            let implementing = of(&|owner| owner.contains(&wanted));
            if !implementing.is_empty() {
                return implementing;
            }
        }
        if !call.is_resolvable {
            return Vec::new();
        }
        // A function of the same file is more likely than one of another layer.
        let near = named
            .iter()
            .any(|(_, function)| function.at.path == caller.at.path);
        named
            .into_iter()
            .filter(|(_, function)| !near || function.at.path == caller.at.path)
            .map(|(index, _)| index)
            .collect()
    }

    /// The effects that all functions share. An async function does not block its caller.
    fn shared(&self, targets: &[usize]) -> Effects {
        targets
            .iter()
            .filter_map(|index| {
                let function = self.functions.get(*index)?;
                let effects = *self.effects.get(*index)?;
                Some(if function.is_async {
                    effects.without(Effects::BLOCK)
                } else {
                    effects
                })
            })
            .reduce(Effects::and)
            .unwrap_or_default()
    }

    /// Whether one condition is true for all functions that a call may run, and there is one.
    fn all_targets(
        &self,
        index: usize,
        call: usize,
        condition: impl Fn(usize, &FunctionFlow) -> bool,
    ) -> bool {
        let targets = self.targets.get(index).and_then(|calls| calls.get(call));
        targets.is_some_and(|targets| {
            !targets.is_empty()
                && targets.iter().all(|target| {
                    let function = self.functions.get(*target);
                    function.is_some_and(|function| condition(*target, &function.value))
                })
        })
    }

    /// Calls of a function with all their effects.
    fn calls(&self, index: usize) -> Vec<(&'s FlowCall, Effects)> {
        let (Some(function), Some(targets)) = (self.functions.get(index), self.targets.get(index))
        else {
            return Vec::new();
        };
        function
            .value
            .calls
            .iter()
            .zip(targets)
            .map(|(call, targets)| (call, call.effects.with(self.shared(targets))))
            .filter(|(call, effects)| call.is_dropped || *effects != Effects::default())
            .collect()
    }

    /// The call that has an effect itself, below a call that inherits it.
    fn origin(&self, call: &'s FlowCall, effects: Effects) -> Option<&'s FlowCall> {
        let mut name: &str = &call.method;
        for _ in 0..MAX_DEPTH {
            let index = *self
                .by_name
                .get(name)?
                .iter()
                .find(|index| !self.calls(**index).is_empty())?;
            let function = self.functions.get(index)?;
            if let Some(found) = function
                .value
                .calls
                .iter()
                .find(|call| call.effects.has(effects))
            {
                return Some(found);
            }
            name = self
                .calls(index)
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
        .enumerate()
        .filter(|(_, function)| !is_start(&function.name))
        .filter_map(|(index, function)| check(&flows, &function.value, &flows.calls(index)))
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
            && (call.effects.without(Effects::BLOCK) == Effects::default()
                || !call.receiver_type.is_empty())
            && effects.has(Effects::READ.with(Effects::WRITE).with(Effects::REMOTE))
    })?;
    let evidence = format!("`{}` runs once for each element of a list", call.method);
    Some(Breach::review(call.at.clone(), evidence))
}

/// A statement of Go that loses the error of a call: of a function of the service that returns an
/// error, or of a library. One breach per file.
#[must_use]
pub fn dropped_errors(service: &Service) -> Vec<Outcome> {
    let facts = service.facts.of::<FunctionFlow>();
    let flows = Flows::of(facts.deployed().collect());
    let mut lost = Vec::new();
    for (index, function) in flows.functions.iter().enumerate() {
        for (at, call) in function.value.calls.iter().enumerate() {
            if call.is_dropped
                && call.at.path.ends_with(".go")
                && (FALLIBLE.contains(&&*call.method)
                    || flows.all_targets(index, at, |_, function| function.returns_error))
            {
                let evidence = format!("the error of `{}` is lost", call.method);
                lost.push(Breach::review(call.at.clone(), evidence).into());
            }
        }
    }
    first_of_each_file(lost)
}

/// A look-up in a called function that may find nothing, whose result is used without a check.
#[must_use]
pub fn unchecked_lookups(model: &Model) -> Vec<Outcome> {
    let all = everywhere(model, |service| {
        let facts = service.facts.of::<FunctionFlow>();
        let flows = Flows::of(facts.deployed().collect());
        let null = flows.returns_null();
        let mut outcomes = Vec::new();
        for (index, function) in flows.functions.iter().enumerate() {
            for (at, call) in function.value.calls.iter().enumerate() {
                if call.is_unchecked
                    && !call.is_lookup
                    && flows.all_targets(index, at, |target, _| null.contains(&target))
                {
                    let evidence = format!(
                        "`{}` returns null for an unknown record, and its result is used without a check",
                        call.method
                    );
                    outcomes.push(Breach::review(call.at.clone(), evidence).into());
                }
            }
        }
        outcomes
    });
    first_of_each_file(all)
}

impl Flows<'_> {
    /// The functions that return the result of a look-up, directly or through another function.
    fn returns_null(&self) -> BTreeSet<usize> {
        let mut null = BTreeSet::new();
        for _ in 0..MAX_DEPTH {
            let before = null.len();
            for (index, function) in self.functions.iter().enumerate() {
                let returns = function.value.calls.iter().enumerate().any(|(at, call)| {
                    call.is_returned
                        && (call.is_lookup
                            || self.all_targets(index, at, |target, _| null.contains(&target)))
                });
                if returns {
                    null.insert(index);
                }
            }
            if null.len() == before {
                break;
            }
        }
        null
    }
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

/// The first breach of each file, with the places of the others.
fn first_of_each_file(outcomes: Vec<Outcome>) -> Vec<Outcome> {
    let mut files: BTreeMap<String, Breach> = BTreeMap::new();
    for outcome in outcomes {
        let Outcome::Breach(breach) = outcome else {
            continue;
        };
        let path = breach.at.path.to_string();
        match files.remove(&path) {
            Some(first) => {
                let next = first.related([breach.at]);
                files.insert(path, next);
            }
            None => {
                files.insert(path, breach);
            }
        }
    }
    files.into_values().map(Outcome::from).collect()
}
