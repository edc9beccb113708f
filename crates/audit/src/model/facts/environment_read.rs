//! A read of an environment variable.

use crate::model::{Fact, Resolution};

/// One read.
#[derive(Debug, Clone)]
pub struct EnvironmentRead {
    /// The variable.
    pub name: Resolution<String>,
    /// The literal that replaces an unset variable, if any.
    pub fallback: Resolution<String>,
    /// Whether the program ends when it is not set.
    pub required: bool,
}

impl Fact for EnvironmentRead {
    const KIND: &'static str = "environment reads";
}
