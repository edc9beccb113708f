use seaworthy_core::{Code, Error, RequestContext};

/// Decides by feature flags whether a route is available. The crate `seaworthy-flags` implements
/// it.
pub trait FlagGate: Send + Sync + 'static {
    /// Declares a flag that a route requires.
    ///
    /// # Errors
    /// A description if the flag cannot decide, because it is not boolean.
    fn declare(&self, key: &str) -> Result<(), String>;

    /// Whether a flag is on for a request. A flag that is not defined is off.
    fn is_on(&self, key: &str, request: &RequestContext) -> bool;
}

/// A feature flag that a route requires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequiredFlag {
    pub(crate) key: Box<str>,
    /// Whether the route seems not to exist while the flag is off.
    pub(crate) hidden: bool,
}

/// Returns the error of a route whose flag is off.
pub(crate) fn disabled() -> Error {
    Error::new(
        Code::Forbidden,
        "FEATURE_DISABLED",
        "this feature is not enabled for you",
    )
}
