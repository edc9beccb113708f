//! Targeting rules: JsonLogic with the operators of flagd, compiled once.

mod cbor;
mod equality;
mod fields;
mod fractional;
mod limits;
mod murmur;
mod operators;
mod semantic;
mod split;

use std::{
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use datalogic_rs::{DataValue, Engine, Logic, bumpalo::Bump};
use fields::Fields;
use serde_json::Value;

pub(crate) use operators::engine;
pub(crate) use split::Split;

use crate::context::{Scope, TARGETING_KEY};

/// Scratch memory above this size is freed after an evaluation.
const MAX_SCRATCH: usize = 64 * 1024;
/// Maximum memory of an evaluation: far more than a context has, and little for a process. Rules
/// can double a text in each step.
const MAX_MEMORY: usize = 16 * 1024 * 1024;

thread_local! {
    /// Scratch memory of evaluations. Does not hold data between them.
    static SCRATCH: Cell<Option<Bump>> = const { Cell::new(None) };
}

/// A compiled rule.
pub(crate) struct Rule {
    engine: Arc<Engine>,
    logic: Logic,
    fields: Fields,
}

/// The result of a rule.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Selected<T> {
    /// The rule named a variant.
    Variant(T),
    /// The rule returned null.
    Default,
    /// The rule failed.
    Failed,
}

impl Rule {
    /// Compiles a rule.
    ///
    /// # Errors
    /// A description if the rule exceeds a limit or is not valid JsonLogic.
    pub(crate) fn compile(engine: &Arc<Engine>, rule: &Value) -> Result<Self, String> {
        limits::check(rule)?;
        let logic = engine
            .compile(equality::rewrite(rule).as_ref())
            .map_err(|error| error.to_string())?;
        Ok(Self {
            engine: Arc::clone(engine),
            logic,
            fields: Fields::of(rule),
        })
    }

    /// Evaluates the rule and passes the name of the variant to `find`.
    pub(crate) fn select<T>(
        &self,
        flag: &str,
        scope: &Scope<'_>,
        find: impl FnOnce(&str) -> T,
    ) -> Selected<T> {
        let mut arena = SCRATCH.take().unwrap_or_default();
        arena.set_allocation_limit(Some(MAX_MEMORY));
        // The arena panics at its limit.
        let evaluate = AssertUnwindSafe(|| self.evaluate(flag, scope, &arena, find));
        let selected = catch_unwind(evaluate).unwrap_or(Selected::Failed);
        if arena.allocated_bytes() <= MAX_SCRATCH {
            arena.reset();
            SCRATCH.set(Some(arena));
        }
        selected
    }

    fn evaluate<T>(
        &self,
        flag: &str,
        scope: &Scope<'_>,
        arena: &Bump,
        find: impl FnOnce(&str) -> T,
    ) -> Selected<T> {
        let context = DataValue::Object(self.context(flag, scope, arena));
        match self.engine.evaluate(&self.logic, context, arena) {
            Ok(DataValue::Null) => Selected::Default,
            Ok(DataValue::String(name)) => Selected::Variant(find(name)),
            Ok(DataValue::Bool(true)) => Selected::Variant(find("true")),
            Ok(DataValue::Bool(false)) => Selected::Variant(find("false")),
            Ok(other) => Selected::Variant(find(&other.to_string())),
            Err(_) => Selected::Failed,
        }
    }

    fn context<'b>(
        &self,
        flag: &'b str,
        scope: &Scope<'b>,
        arena: &'b Bump,
    ) -> &'b [(&'b str, DataValue<'b>)] {
        // The context has the named fields. The targeting key and `$flagd` replace the caller's.
        let own = |name: &&str| *name != TARGETING_KEY && *name != "$flagd";
        let mut entries: Vec<(&'b str, DataValue<'b>)> = Vec::with_capacity(8);
        match &self.fields {
            Fields::All => {
                let names = scope.names();
                let found = names.into_iter().filter(own);
                entries.extend(found.filter_map(|name| Some((name, scope.value(name, arena)?))));
            }
            Fields::Named(names) => {
                let found = names.iter().map(|name| &**name).filter(own);
                let read = |name: &str| {
                    let value = scope.value(name, arena)?;
                    Some((&*arena.alloc_str(name), value))
                };
                entries.extend(found.filter_map(read));
            }
        }
        if let Some(key) = scope.text(TARGETING_KEY) {
            entries.push((TARGETING_KEY, DataValue::String(key)));
        }
        let flagd = [
            ("flagKey", DataValue::String(flag)),
            ("timestamp", DataValue::from_i64((scope.clock)())),
        ];
        let flagd = DataValue::Object(arena.alloc_slice_copy(&flagd));
        entries.push(("$flagd", flagd));
        arena.alloc_slice_copy(&entries)
    }
}

impl std::fmt::Debug for Rule {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Rule")
            .field("fields", &self.fields)
            .finish_non_exhaustive()
    }
}
