//! Effects that reach a function through the functions that it calls, across the files of a
//! service.

mod effects;
mod entries;
mod lost_updates;
mod repeats;
mod requests;
mod results;

use std::collections::{BTreeMap, BTreeSet};

pub use effects::{
    blocking_calls, dropped_promises, dual_writes, lookups_before_inserts, queries_per_row,
    remote_in_transaction,
};
pub use entries::records_of_others;
pub use lost_updates::{adjusted_records, checked_then_changed};
pub use repeats::{handlers_without_effect, repeated_messages, retried_changes};
pub use requests::{
    changes_of_unknown_records, exposed_hashes, lists_without_limit, repeated_requests,
    unlimited_logins,
};
pub use results::{dropped_errors, hidden_failures, unchecked_lookups};

use super::{Breach, Outcome};
use crate::model::facts::{Effects, FlowCall, FunctionFlow};
use crate::model::{Model, Service};
use crate::packs::is_start;
use crate::source::{Located, Location};

/// Maximum number of nested calls that are followed.
const MAX_DEPTH: usize = 6;
/// Words of the names of functions beside the work of a handler, in lower case.
const ASIDE: &[&str] = &["event", "log", "audit", "metric", "notif", "cache", "trace"];
/// Maximum number of functions of a path that a report lists.
const MAX_PATH: usize = 3;

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

    /// The place of a function.
    fn place_of(&self, function: &FunctionFlow) -> Option<Location> {
        self.functions
            .iter()
            .find(|located| std::ptr::eq(&raw const located.value, function))
            .map(|located| located.at.clone())
    }

    /// The functions on the path of a handler that read or change records, without the handler.
    fn path_to_records(&self, index: usize) -> Vec<Location> {
        let effects = Effects::READ.with(Effects::WRITE).with(Effects::REMOTE);
        let mut places = Vec::new();
        let mut next = Some(index);
        while let Some(index) = next.filter(|_| places.len() < MAX_PATH) {
            let targets = self.targets.get(index).into_iter().flatten().flatten();
            next = targets
                .copied()
                .filter(|target| *target != index)
                .find(|target| {
                    let aside = self.functions.get(*target).is_some_and(|function| {
                        let name = function.value.name.to_lowercase();
                        ASIDE.iter().any(|word| name.contains(word))
                    });
                    !aside && self.has(*target, effects)
                });
            let place = next.and_then(|index| self.functions.get(index));
            places.extend(place.map(|function| function.at.clone()));
        }
        places
    }

    /// Whether a function or one that it calls has one of the effects.
    fn has(&self, index: usize, effects: Effects) -> bool {
        self.effects.get(index).is_some_and(|own| own.has(effects))
    }

    /// Whether a condition is true for a function or for one that it reaches.
    fn reaches(&self, index: usize, condition: &dyn Fn(&FunctionFlow) -> bool) -> bool {
        let mut seen = BTreeSet::from([index]);
        let mut next = vec![index];
        for _ in 0..MAX_DEPTH {
            let mut found = Vec::new();
            for index in next {
                let function = self.functions.get(index);
                if function.is_some_and(|function| condition(&function.value)) {
                    return true;
                }
                let targets = self.targets.get(index).into_iter().flatten().flatten();
                found.extend(targets.copied().filter(|target| seen.insert(*target)));
            }
            next = found;
        }
        false
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
        self.any_target(call, |function| function.is_idempotent)
    }

    /// Whether a condition is true for a function with the name of a call.
    fn any_target(&self, call: &FlowCall, condition: impl Fn(&FunctionFlow) -> bool) -> bool {
        self.by_name
            .get(&*call.method)
            .into_iter()
            .flatten()
            .filter_map(|index| self.functions.get(*index))
            .any(|function| condition(&function.value))
    }
}

/// The outcomes of a check of each function that answers requests or messages.
fn each(
    service: &Service,
    check: impl for<'s> Fn(&Flows<'s>, &'s FunctionFlow, &[(&'s FlowCall, Effects)]) -> Option<Breach>,
) -> Vec<Outcome> {
    of_functions(service, |name| !is_start(name), check)
}

/// The outcomes of a check of each function whose name is accepted.
fn of_functions(
    service: &Service,
    accepts: impl Fn(&str) -> bool,
    check: impl for<'s> Fn(&Flows<'s>, &'s FunctionFlow, &[(&'s FlowCall, Effects)]) -> Option<Breach>,
) -> Vec<Outcome> {
    let facts = service.facts.of::<FunctionFlow>();
    let flows = Flows::of(facts.deployed().collect());
    flows
        .functions
        .iter()
        .enumerate()
        .filter(|(_, function)| accepts(&function.name))
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
