//! Values of Helm charts, and the templates that use them.

use crate::model::Fact;

/// A node of `values.yaml`.
#[derive(Debug, Clone)]
pub struct ChartValue {
    /// The keys from the root, joined by `.`.
    pub path: String,
    /// The value as text. Equal values have equal texts.
    pub text: String,
    /// Whether the value has no keys of its own.
    pub is_leaf: bool,
    /// Whether the value is an empty mapping, list or text.
    pub is_empty: bool,
}

/// A use of a value in a template.
#[derive(Debug, Clone)]
pub struct ChartUse {
    /// The keys from the root, joined by `.`. Empty if the template uses all values.
    pub path: String,
    /// Whether the template works without the value.
    pub is_optional: bool,
}

impl Fact for ChartValue {
    const KIND: &'static str = "values of charts";
}

impl Fact for ChartUse {
    const KIND: &'static str = "uses of chart values";
}
