//! Rules about the results of called functions: lost errors, and look-ups that find nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::{Flows, MAX_DEPTH, everywhere};
use crate::model::facts::{Effects, FlowCall, FunctionFlow, Observation, Practice};
use crate::model::{Model, Service};
use crate::packs::FALLIBLE;
use crate::rule::{Breach, Outcome};

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
                // The `signs` pack checks look-ups in other languages.
                let own = call.is_lookup && call.at.path.ends_with(".java");
                if call.is_unchecked
                    && (own
                        || !call.is_lookup
                            && flows.all_targets(index, at, |target, _| {
                                null.contains(&target) && flows.is_known(call, target)
                            }))
                {
                    let evidence = format!(
                        "`{}` returns no record and no error for an unknown ID, and its result is used without a check",
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

/// The maximum number of lines between a call and the response to its failure.
const NEAR: usize = 6;

/// A call that reads or changes a database or another service, directly or in a called function,
/// and whose failures all get a 4xx response.
#[must_use]
pub fn hidden_failures(service: &Service) -> Vec<Outcome> {
    let reaches = Effects::READ
        .with(Effects::WRITE)
        .with(Effects::REMOTE)
        .with(Effects::PUBLISH);
    let facts = service.facts.of::<FunctionFlow>();
    let flows = Flows::of(facts.deployed().collect());
    let observations = service.facts.of::<Observation>();
    // The `signs` pack may already report this response.
    let is_shown = |call: &FlowCall| {
        observations.items.iter().any(|observation| {
            observation.practice == Practice::ErrorResponse
                && observation.at.path == call.at.path
                && (call.at.line..=call.at.line + NEAR).contains(&observation.at.line)
        })
    };
    let mut outcomes = Vec::new();
    for index in 0..flows.functions.len() {
        for (call, effects) in flows.calls(index) {
            if call.hides_failure && effects.has(reaches) && !is_shown(call) {
                let evidence = format!(
                    "each failure of `{}` blames the caller, also an outage of the database or of another service",
                    call.method
                );
                outcomes.push(Breach::review(call.at.clone(), evidence).into());
            }
        }
    }
    outcomes
}

impl Flows<'_> {
    /// Whether a call of Go runs a function by more than its name: clients of other services have
    /// methods with the names of those services.
    fn is_known(&self, call: &FlowCall, target: usize) -> bool {
        let near = self
            .functions
            .get(target)
            .is_some_and(|function| function.at.path == call.at.path);
        !call.at.path.ends_with(".go") || !call.receiver_type.is_empty() || near
    }

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
                if returns || function.value.returns_nothing {
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
