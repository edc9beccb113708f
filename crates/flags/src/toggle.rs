use std::{fmt, sync::Arc};

use seaworthy_core::context;

use crate::{
    Context, Flags,
    definition::Resolved,
    evaluation::{ErrorCode, Evaluation, Reason},
    value::FlagValue,
};

static NO_CONTEXT: Context = Context::new();

/// A declared flag, which code evaluates.
#[derive(Clone)]
pub struct Toggle<T> {
    flags: Flags,
    slot: usize,
    key: Arc<str>,
    default: T,
}

impl<T: FlagValue> Toggle<T> {
    pub(crate) fn new(flags: Flags, slot: usize, key: Arc<str>, default: T) -> Self {
        Self {
            flags,
            slot,
            key,
            default,
        }
    }

    /// Returns the value for the current request.
    #[must_use]
    pub fn get(&self) -> T {
        self.get_with(&NO_CONTEXT)
    }

    /// Returns the value for the current request and further attributes.
    #[must_use]
    pub fn get_with(&self, own: &Context) -> T {
        self.read(own, |resolved| resolved.variant.and_then(T::of))
            .unwrap_or_else(|| self.default.clone())
    }

    /// Evaluates the flag for the current request.
    #[must_use]
    pub fn evaluate(&self) -> Evaluation<T> {
        self.evaluate_with(&NO_CONTEXT)
    }

    /// Evaluates the flag for the current request and further attributes.
    #[must_use]
    pub fn evaluate_with(&self, own: &Context) -> Evaluation<T> {
        self.read(own, |resolved| {
            let value = resolved.variant.map(|variant| (T::of(variant), variant));
            let (value, variant, reason, error) = match value {
                Some((Some(value), variant)) => (
                    value,
                    Some(variant.name.clone()),
                    resolved.reason,
                    resolved.error,
                ),
                Some((None, _)) => (
                    self.default.clone(),
                    None,
                    Reason::Error,
                    Some(ErrorCode::TypeMismatch),
                ),
                None => (self.default.clone(), None, resolved.reason, resolved.error),
            };
            Evaluation {
                value,
                variant,
                reason,
                error,
            }
        })
    }

    /// Returns the key.
    #[must_use]
    pub fn key(&self) -> &Arc<str> {
        &self.key
    }

    fn read<R>(&self, own: &Context, read: impl Fn(Resolved<'_>) -> R) -> R {
        context::with_current(|request| {
            self.flags.with_snapshot(request, |snapshot| {
                let scope = self.flags.scope(own, request);
                snapshot.resolve(self.slot, &self.key, &scope, &read)
            })
        })
    }
}

impl<T> fmt::Debug for Toggle<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Toggle")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}
