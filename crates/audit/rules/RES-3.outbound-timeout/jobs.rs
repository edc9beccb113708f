//! Calls that only jobs reach whose queue ends them after a time.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::FactSet;
use crate::model::facts::{CallingFunction, EnqueuedFunction, RunLimit};
use crate::source::{Located, Location};

/// The functions of a service by the names that they call.
pub(super) struct Jobs<'s> {
    functions: Vec<&'s Located<CallingFunction>>,
    /// The functions that call a name, and whether the call has a receiver.
    callers: BTreeMap<&'s str, Vec<(usize, bool)>>,
    /// Whether a queue limits the time of a function that code passes to it.
    enqueued: BTreeMap<&'s str, bool>,
}

impl<'s> Jobs<'s> {
    pub(super) fn of(
        functions: &'s FactSet<CallingFunction>,
        enqueued: &'s FactSet<EnqueuedFunction>,
    ) -> Self {
        let functions: Vec<_> = functions.deployed().collect();
        let mut callers: BTreeMap<&str, Vec<(usize, bool)>> = BTreeMap::new();
        for (index, function) in functions.iter().enumerate() {
            for (name, has_receiver) in &function.value.calls {
                callers
                    .entry(name)
                    .or_default()
                    .push((index, *has_receiver));
            }
        }
        let mut limited: BTreeMap<&str, bool> = BTreeMap::new();
        for function in enqueued.deployed() {
            let all = limited.entry(&function.value.name).or_insert(true);
            *all &= function.value.is_limited;
        }
        Self {
            functions,
            callers,
            enqueued: limited,
        }
    }

    /// Whether a job with a time limit reaches the function around a place, and no request, start of
    /// the program or job without a limit does. Calls are followed by name.
    pub(super) fn end(&self, at: &Location) -> bool {
        let Some(first) = self.around(at) else {
            return false;
        };
        let mut seen = BTreeSet::from([first]);
        let mut next = vec![first];
        let mut is_job = false;
        while let Some(function) = next.pop().and_then(|index| self.functions.get(index)) {
            match self.limit(&function.value) {
                RunLimit::Unlimited => return false,
                RunLimit::Job => is_job = true,
                RunLimit::Callers => {}
            }
            let callers = self.callers.get(&*function.value.name);
            let callers = callers.into_iter().flatten();
            next.extend(
                callers
                    .filter(|(_, has_receiver)| *has_receiver || !function.value.is_method)
                    .map(|(caller, _)| *caller)
                    .filter(|caller| seen.insert(*caller)),
            );
        }
        is_job
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

    fn limit(&self, function: &CallingFunction) -> RunLimit {
        match (function.limit, self.enqueued.get(&*function.name)) {
            (RunLimit::Unlimited, _) | (_, Some(false)) => RunLimit::Unlimited,
            (_, Some(true)) => RunLimit::Job,
            (limit, None) => limit,
        }
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
        Jobs::of(&functions, &enqueued).end(&place(0))
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
}
