use std::{collections::BTreeMap, sync::Arc};

use seaworthy_telemetry::metrics::{Counter, Metrics};

use crate::{
    context::Scope, definition::Resolved, evaluation::Variant, flag::Declaration, set::FlagSet,
    span_event,
};

/// The label of evaluations that return the default of the code.
const CODE_DEFAULT: &str = "code-default";

/// The flags at one point in time, with a slot for each declared flag.
pub(crate) struct Snapshot {
    set: Arc<FlagSet>,
    slots: Box<[Slot]>,
    owner: Arc<()>,
}

/// The position of a declared flag in the set, so that an evaluation does not search by key.
struct Slot {
    index: Option<usize>,
    /// The counters of the variants, in their order.
    variants: Box<[Counter]>,
    code_default: Option<Counter>,
}

impl Snapshot {
    pub(crate) fn new(
        set: Arc<FlagSet>,
        declared: &[Declaration],
        owner: &Arc<()>,
        metrics: Option<&Metrics>,
    ) -> Self {
        let slots = declared.iter().map(|flag| Slot::new(&set, flag, metrics));
        Self {
            slots: slots.collect(),
            set,
            owner: Arc::clone(owner),
        }
    }

    pub(crate) fn set(&self) -> &Arc<FlagSet> {
        &self.set
    }

    pub(crate) fn belongs_to(&self, owner: &Arc<()>) -> bool {
        Arc::ptr_eq(&self.owner, owner)
    }

    /// Returns the evaluations of a declared flag, by variant.
    pub(crate) fn evaluations(&self, slot: usize) -> BTreeMap<String, u64> {
        let Some(slot) = self.slots.get(slot) else {
            return BTreeMap::new();
        };
        let definition = slot.index.and_then(|index| self.set.at(index));
        let variants = definition.into_iter().flat_map(|found| found.variants());
        let named = variants.map(|variant| variant.name()).zip(&slot.variants);
        let named = named.chain(
            slot.code_default
                .as_ref()
                .map(|counter| (CODE_DEFAULT, counter)),
        );
        named
            .map(|(name, counter)| (name.to_owned(), counter.get()))
            .collect()
    }

    /// Evaluates a flag by its key, and counts the result if the flag is declared.
    pub(crate) fn resolve_key(&self, key: &str, scope: &Scope<'_>) -> Resolved<'_> {
        let index = self.set.index(key);
        let resolved = self.set.resolve(index, scope);
        let mut slots = self.slots.iter();
        if let Some(slot) = slots.find(|slot| index.is_some() && slot.index == index) {
            slot.count(&self.set, resolved.variant);
        }
        let definition = index.and_then(|index| self.set.at(index));
        span_event::add(key, definition, &resolved, scope);
        resolved
    }

    /// Evaluates a declared flag and counts the result.
    pub(crate) fn resolve<R>(
        &self,
        slot: usize,
        key: &str,
        scope: &Scope<'_>,
        read: impl FnOnce(Resolved<'_>) -> R,
    ) -> R {
        let Some(slot) = self.slots.get(slot) else {
            // The snapshot of the request is older than the declaration.
            return read(self.set.resolve(self.set.index(key), scope));
        };
        let resolved = self.set.resolve(slot.index, scope);
        slot.count(&self.set, resolved.variant);
        let definition = slot.index.and_then(|index| self.set.at(index));
        span_event::add(key, definition, &resolved, scope);
        read(resolved)
    }
}

impl Slot {
    fn new(set: &FlagSet, flag: &Declaration, metrics: Option<&Metrics>) -> Self {
        let counter = |variant: &str| {
            let labels = [("flag", &*flag.key), ("variant", variant)];
            let help = "Evaluations of declared feature flags.";
            metrics.map(|metrics| metrics.counter("feature_flag_evaluations_total", help, &labels))
        };
        let definition = set.get(&flag.key);
        let variants = definition.into_iter().flat_map(|found| found.variants());
        Self {
            index: set.index(&flag.key),
            variants: variants
                .filter_map(|variant| counter(variant.name()))
                .collect(),
            code_default: counter(CODE_DEFAULT),
        }
    }

    #[inline]
    fn count(&self, set: &FlagSet, variant: Option<&Variant>) {
        if self.code_default.is_none() {
            // These flags have no metrics.
            return;
        }
        let counter = match variant {
            None => self.code_default.as_ref(),
            Some(variant) => {
                let definition = self.index.and_then(|index| set.at(index));
                let mut variants = definition.into_iter().flat_map(|found| found.variants());
                let position = variants.position(|other| std::ptr::eq(other, variant));
                position.and_then(|position| self.variants.get(position))
            }
        };
        if let Some(counter) = counter {
            counter.increment();
        }
    }
}
