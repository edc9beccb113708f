//! A variable that a deployment gives to a container.

use std::ops::Range;

use crate::model::Resolution;

/// One variable. Its value is absent when it comes from the host, a secret or another reference.
#[derive(Debug, Clone)]
pub struct EnvironmentVariable {
    /// The name.
    pub name: String,
    /// Literal value.
    pub value: Resolution<String>,
    /// The span in its file.
    pub span: Range<usize>,
}
