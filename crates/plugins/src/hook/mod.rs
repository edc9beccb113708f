//! Hook points and the calls of hooks.

mod point;
mod point_set;
mod table;

pub use point::HookPoint;
pub(crate) use point::REQUEST_TIMEOUT;
pub(crate) use point_set::PointSet;
pub(crate) use table::{HookEntry, HookTable};

use serde_json::{Map, Value};

/// The data of a call of hooks. Hooks run in the order of their priority and share the values.
///
/// ```
/// use seaworthy_plugins::HookCall;
///
/// let call = HookCall::new().with_value("order_id", 7).with_metadata("method", "POST");
/// assert_eq!(call.value("order_id"), Some(&7.into()));
/// assert_eq!(call.metadata(), [("method".to_owned(), "POST".to_owned())]);
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct HookCall {
    pub(crate) values: Map<String, Value>,
    pub(crate) metadata: Vec<(String, String)>,
}

impl HookCall {
    /// Creates a call without data.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a value that hooks read and set.
    #[must_use]
    pub fn with_value(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.values.insert(name.into(), value.into());
        self
    }

    /// Sets a text that hooks read and cannot set.
    #[must_use]
    pub fn with_metadata(mut self, name: impl Into<String>, text: impl Into<String>) -> Self {
        self.metadata.push((name.into(), text.into()));
        self
    }

    /// Returns a value that the caller or a hook set.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.values.get(name)
    }

    /// Returns the size of the values as JSON and of the metadata, with their names, in bytes.
    pub(crate) fn size(&self) -> usize {
        let values = self.values.iter();
        let values = values.map(|(name, value)| name.len() + value.to_string().len());
        let texts = self.metadata.iter();
        let texts = texts.map(|(name, text)| name.len() + text.len());
        values.chain(texts).sum()
    }

    /// Returns the names and texts of the metadata, in the order in which they were set.
    #[must_use]
    pub fn metadata(&self) -> &[(String, String)] {
        &self.metadata
    }

    /// Returns all values.
    #[must_use]
    pub fn values(&self) -> &Map<String, Value> {
        &self.values
    }
}

/// The rejection of a hook that may veto.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// The HTTP status: 400, 403 or 429. Another status counts as 403.
    pub status: u16,
    /// A text for the caller.
    pub reason: String,
}
