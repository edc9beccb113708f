use crate::{CallError, Rejection};

/// Admits calls and observes their outcomes inside the timeout layer. A separate layer would cost
/// time in every call.
pub trait Gate<T, E> {
    /// The permit of a call that may begin.
    type Pass: Pass<T, E>;

    /// Returns whether a call may begin.
    ///
    /// # Errors
    /// A rejection if it may not.
    fn enter(&self) -> Result<Self::Pass, Rejection>;
}

/// Receives the outcome of a call. It is dropped without one if the call is cancelled.
pub trait Pass<T, E> {
    /// Records the outcome of the call.
    fn leave(&mut self, result: &Result<T, CallError<E>>);
}

/// Admits every call, and ignores the outcomes.
impl<T, E> Gate<T, E> for () {
    type Pass = ();

    fn enter(&self) -> Result<(), Rejection> {
        Ok(())
    }
}

impl<T, E> Pass<T, E> for () {
    fn leave(&mut self, _: &Result<T, CallError<E>>) {}
}
