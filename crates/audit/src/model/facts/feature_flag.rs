//! Feature flags: their definitions in files, and their uses in code.

use crate::model::Fact;

/// A flag that a file of flags defines.
#[derive(Debug, Clone)]
pub struct FlagDefinition {
    /// The key.
    pub key: String,
    /// The stability of its percentage.
    pub split: Split,
    /// The day on which the flag should be gone, as the file has it.
    pub expires: Option<String>,
    /// Whether the file names the key in other places too.
    pub is_named_again: bool,
}

/// The stability of a percentage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Split {
    /// The flag has no percentage, or one that follows an attribute of the user.
    Stable,
    /// The targeting key, which the evaluation has to pass.
    TargetingKey,
    /// A fact of one request or the time.
    Changing,
}

impl Fact for FlagDefinition {
    const KIND: &'static str = "definitions of feature flags";
}

/// A literal key of a flag in code.
#[derive(Debug, Clone)]
pub struct FlagUse {
    /// The key.
    pub key: String,
    /// Whether the code declares the flag with its default, so that no file has to define it.
    pub declares: bool,
    /// Whether the evaluation passes a context.
    pub has_context: bool,
    /// The day on which the flag should be gone, as the code has it.
    pub expires: Option<String>,
}

impl Fact for FlagUse {
    const KIND: &'static str = "uses of feature flags";
}

/// A place that sets a context for all evaluations, or a provider whose flags no file defines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlagSetup {
    /// A context of all evaluations or of a request.
    Context,
    /// A service that manages flags outside of the repository.
    Provider,
}

impl Fact for FlagSetup {
    const KIND: &'static str = "set-ups of feature flags";
}
