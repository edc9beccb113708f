//! Parameters that switch a mode for development on, and calls with a literal `true`.

use crate::model::Fact;

/// A parameter of a function, such as `debug` of `InitLogger(debug bool)`.
#[derive(Debug, Clone)]
pub struct SwitchParameter {
    /// The name of the function.
    pub function: String,
    /// The position of the parameter.
    pub index: usize,
    /// The name of the parameter.
    pub name: String,
}

/// An argument `true` of a call.
#[derive(Debug, Clone)]
pub struct SwitchArgument {
    /// The name of the function.
    pub function: String,
    /// The position of the argument.
    pub index: usize,
}

impl Fact for SwitchParameter {
    const KIND: &'static str = "parameters for development";
}

impl Fact for SwitchArgument {
    const KIND: &'static str = "literal switches of calls";
}
