//! A handler that is only reached in development.

use crate::model::Fact;

/// A handler whose route is registered under a condition that holds in development alone.
#[derive(Debug, Clone)]
pub struct DevelopmentHandler {
    /// The module that it is called by, when it is called by one; as a rule the name of its file.
    pub module: Option<String>,
    /// The name of the function.
    pub name: String,
}

impl DevelopmentHandler {
    /// Whether a place lies in the handler, by the names of its file and of the function around it.
    #[must_use]
    pub fn holds(&self, at: &crate::source::Location) -> bool {
        let function = at.symbol.as_deref() == Some(self.name.as_str());
        let file = self.module.as_deref().is_none_or(|module| {
            at.path.ends_with(&format!("/{module}.rs"))
                || at.path.ends_with(&format!("/{module}/mod.rs"))
        });
        function && file
    }
}

impl Fact for DevelopmentHandler {
    const KIND: &'static str = "handlers for development";
}
