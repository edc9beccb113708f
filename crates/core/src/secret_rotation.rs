use std::{
    cell::RefCell,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use crate::Secret;

thread_local! {
    /// The rotations for the secrets that this thread is deserializing.
    static IN_SCOPE: RefCell<Vec<(Secret<String>, SecretRotation)>> = const { RefCell::new(Vec::new()) };
}

/// The newest value of a secret that settings name by reference (CONF-5). Clones share it.
///
/// The loader of settings connects it to the secrets that it deserializes, and sets each new value.
///
/// ```
/// use seaworthy_core::{Secret, SecretRotation};
///
/// let (first, rotation) = (Secret::new("first".to_owned()), SecretRotation::default());
/// let known = vec![(first, rotation.clone())];
/// let json = serde_json::json!("first");
/// let secret: Secret<String> = SecretRotation::scope(known, || serde_json::from_value(json))?;
/// assert_eq!(secret.current().expose(), "first");
/// rotation.set(Secret::new("second".to_owned()));
/// assert_eq!(secret.current().expose(), "second");
/// # Ok::<_, serde_json::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct SecretRotation(Arc<Rotated>);

#[derive(Default)]
struct Rotated {
    /// `None` until the first rotation.
    newest: Mutex<Option<Secret<String>>>,
    /// The number of rotations.
    version: AtomicU64,
    is_followed: AtomicBool,
}

impl SecretRotation {
    /// Sets the value that [`Secret::current`] returns.
    pub fn set(&self, value: Secret<String>) {
        let mut newest = self.0.newest.lock().unwrap_or_else(PoisonError::into_inner);
        let is_same = newest
            .as_ref()
            .is_some_and(|newest| newest.expose() == value.expose());
        if !is_same {
            *newest = Some(value);
            self.0.version.fetch_add(1, Ordering::Release);
        }
    }

    /// Returns whether a component has called [`Secret::current`], so that a new value takes effect
    /// without a restart.
    #[must_use]
    pub fn is_followed(&self) -> bool {
        self.0.is_followed.load(Ordering::Acquire)
    }

    /// Calls a function. Secrets that it deserializes on this thread follow the rotation of their
    /// value.
    pub fn scope<R>(known: Vec<(Secret<String>, Self)>, run: impl FnOnce() -> R) -> R {
        /// Leaves the scope, also after a panic.
        struct Leave(Vec<(Secret<String>, SecretRotation)>);
        impl Drop for Leave {
            fn drop(&mut self) {
                let outer = std::mem::take(&mut self.0);
                IN_SCOPE.with_borrow_mut(|known| *known = outer);
            }
        }
        let outer = IN_SCOPE.with_borrow_mut(|outer| std::mem::replace(outer, known));
        let _leave = Leave(outer);
        run()
    }

    /// Returns the rotation of a value that is being deserialized.
    pub(crate) fn of(value: &str) -> Option<Self> {
        IN_SCOPE.with_borrow(|known| {
            let mut known = known.iter();
            let found = known.find(|(secret, _)| secret.expose() == value);
            found.map(|(_, rotation)| rotation.clone())
        })
    }

    /// Marks the secret as followed and returns the number of its rotations.
    pub(crate) fn follow_version(&self) -> u64 {
        self.0.is_followed.store(true, Ordering::Release);
        self.0.version.load(Ordering::Acquire)
    }

    /// Marks the secret as followed and returns its newest value, if it was rotated.
    pub(crate) fn follow(&self) -> Option<Secret<String>> {
        self.0.is_followed.store(true, Ordering::Release);
        let newest = self.0.newest.lock().unwrap_or_else(PoisonError::into_inner);
        newest.clone()
    }
}
