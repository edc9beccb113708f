//! Calls that only jobs reach whose queue ends them after a time.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::FactSet;
use crate::model::facts::{CallingFunction, EnqueuedFunction, RunLimit};
use crate::source::{Located, Location};

/// The functions of a service, and what limits the time of those that run.
pub(super) struct Jobs<'s> {
    functions: Vec<&'s Located<CallingFunction>>,
    /// The functions that a job with a time limit reaches.
    limited: BTreeSet<usize>,
    /// The functions that a request, the start of the program or a job without a limit reaches.
    unlimited: BTreeSet<usize>,
}

impl<'s> Jobs<'s> {
    pub(super) fn of(
        functions: &'s FactSet<CallingFunction>,
        enqueued: &FactSet<EnqueuedFunction>,
    ) -> Self {
        let functions: Vec<_> = functions.deployed().collect();
        let mut queues: BTreeMap<&str, bool> = BTreeMap::new();
        for function in enqueued.deployed() {
            let all = queues.entry(&function.value.name).or_insert(true);
            *all &= function.value.is_limited;
        }
        Self {
            limited: reached(&functions, &queues, RunLimit::Job),
            unlimited: reached(&functions, &queues, RunLimit::Unlimited),
            functions,
        }
    }

    /// Whether a job with a time limit reaches the function around a place. No request, start of the
    /// program or job without a limit may reach it. Calls are followed by name.
    pub(super) fn is_limited(&self, at: &Location) -> bool {
        !self.limited.is_empty()
            && self
                .around(at)
                .is_some_and(|at| self.limited.contains(&at) && !self.unlimited.contains(&at))
    }

    /// The innermost function around a place.
    fn around(&self, at: &Location) -> Option<usize> {
        self.functions
            .iter()
            .enumerate()
            .filter(|(_, function)| {
                !function.value.name.is_empty()
                    && function.at.path == at.path
                    && function.at.span.contains(&at.span.start)
            })
            .min_by_key(|(_, function)| function.at.span.len())
            .map(|(index, _)| index)
    }
}

/// Returns the functions with this [`RunLimit`], and the functions that they reach. `queues` contains
/// for each passed function whether its queue has a timeout.
fn reached(
    functions: &[&Located<CallingFunction>],
    queues: &BTreeMap<&str, bool>,
    limit: RunLimit,
) -> BTreeSet<usize> {
    let mut named: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, function) in functions.iter().enumerate() {
        named.entry(&function.value.name).or_default().push(index);
    }
    let mut next: Vec<usize> = functions
        .iter()
        .enumerate()
        .filter(|(_, function)| run_limit(&function.value, queues) == limit)
        .map(|(index, _)| index)
        .collect();
    let mut found: BTreeSet<usize> = next.iter().copied().collect();
    // Each called name is expanded once, because a name may have many functions and callers.
    let mut expanded = BTreeSet::new();
    while let Some(function) = next.pop().and_then(|index| functions.get(index)) {
        for (name, has_receiver) in &function.value.calls {
            if !expanded.insert((&**name, *has_receiver)) {
                continue;
            }
            let called = named.get(&**name).into_iter().flatten().copied();
            next.extend(called.filter(|index| {
                functions
                    .get(*index)
                    .is_some_and(|called| *has_receiver || !called.value.is_method)
                    && found.insert(*index)
            }));
        }
    }
    found
}

fn run_limit(function: &CallingFunction, queues: &BTreeMap<&str, bool>) -> RunLimit {
    match (function.limit, queues.get(&*function.name)) {
        (RunLimit::Unlimited, _) | (_, Some(false)) => RunLimit::Unlimited,
        (_, Some(true)) => RunLimit::Job,
        (limit, None) => limit,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::Jobs;
    use crate::model::FactSet;
    use crate::model::facts::{CallingFunction, EnqueuedFunction, RunLimit};
    use crate::repository::{Role, Tracked};
    use crate::source::{Located, Location, SourceFile};

    fn place(index: usize) -> Location {
        let text = "function\n".repeat(9);
        let file = SourceFile::new("jobs.py", text, Role::Production, Tracked::Unknown);
        file.location(index * 9..index * 9 + 8, None)
    }

    /// Functions by name, limit and called method. The first one makes the outgoing call.
    fn ends(functions: &[(&str, RunLimit, &str)], enqueued: &[(&str, bool)]) -> bool {
        let items = functions.iter().enumerate().map(|(index, function)| {
            let (name, limit, called) = *function;
            let value = CallingFunction {
                name: Arc::from(name),
                is_method: true,
                limit,
                calls: vec![(Arc::from(called), true)],
            };
            let at = place(index);
            Located { value, at }
        });
        let functions = FactSet {
            items: items.collect(),
            ..FactSet::default()
        };
        let items = enqueued.iter().map(|(name, is_limited)| Located {
            value: EnqueuedFunction {
                name: Arc::from(*name),
                is_limited: *is_limited,
            },
            at: place(0),
        });
        let enqueued = FactSet {
            items: items.collect(),
            ..FactSet::default()
        };
        Jobs::of(&functions, &enqueued).is_limited(&place(0))
    }

    #[test]
    fn job_with_limit_ends_calls_of_its_functions() {
        let check = ("check", RunLimit::Callers, "get");
        let job = ("job", RunLimit::Job, "check");
        assert!(ends(&[check, job], &[]));
        let run = ("run", RunLimit::Callers, "check");
        assert!(ends(&[check, run], &[("run", true)]));
    }

    #[test]
    fn other_path_without_limit_ends_no_call() {
        let check = ("check", RunLimit::Callers, "get");
        let job = ("job", RunLimit::Job, "check");
        let request = ("show", RunLimit::Unlimited, "check");
        assert!(!ends(&[check, job, request], &[]));
        let run = ("run", RunLimit::Callers, "check");
        assert!(!ends(&[check, job, run], &[("run", false)]));
        assert!(!ends(&[check], &[]));
    }

    #[test]
    fn search_stays_fast_if_all_functions_call_one_name() {
        const FUNCTIONS: usize = 2000;
        let text = "function\n".repeat(FUNCTIONS);
        let file = SourceFile::new("jobs.py", text, Role::Production, Tracked::Unknown);
        let items = (0..FUNCTIONS).map(|index| Located {
            value: CallingFunction {
                name: Arc::from("check"),
                is_method: false,
                limit: RunLimit::Callers,
                calls: vec![(Arc::from("check"), false)],
            },
            at: file.location(index * 9..index * 9 + 8, None),
        });
        let functions = FactSet {
            items: items.collect(),
            ..FactSet::default()
        };
        let enqueued = FactSet::default();
        let jobs = Jobs::of(&functions, &enqueued);
        assert!(
            functions
                .items
                .iter()
                .all(|function| !jobs.is_limited(&function.at))
        );
        let job = FactSet {
            items: vec![Located {
                value: EnqueuedFunction {
                    name: Arc::from("check"),
                    is_limited: true,
                },
                at: place(0),
            }],
            ..FactSet::default()
        };
        let jobs = Jobs::of(&functions, &job);
        assert!(
            functions
                .items
                .iter()
                .all(|function| jobs.is_limited(&function.at))
        );
    }
}
