use crate::{CallError, Refusal};

/// What else is asked before a call begins, and told how it ended, by the one who bounds its time: another layer for that would cost every call.
pub trait Gate<T, E> {
    /// What a call that may begin carries with it.
    type Pass: Pass<T, E>;

    /// Asks whether a call may begin now.
    ///
    /// # Errors
    /// A refusal when it may not.
    fn enter(&self) -> Result<Self::Pass, Refusal>;
}

/// What is told how a call ended; dropped untold when the call was given up.
pub trait Pass<T, E> {
    /// The call ended so.
    fn leave(&mut self, result: &Result<T, CallError<E>>);
}

/// Every call may begin, and nobody is told.
impl<T, E> Gate<T, E> for () {
    type Pass = ();

    fn enter(&self) -> Result<(), Refusal> {
        Ok(())
    }
}

impl<T, E> Pass<T, E> for () {
    fn leave(&mut self, _: &Result<T, CallError<E>>) {}
}
