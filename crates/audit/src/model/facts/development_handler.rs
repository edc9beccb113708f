//! A handler that is only reached in development.

use crate::model::Fact;

/// A handler whose route is registered only in development.
#[derive(Debug, Clone)]
pub struct DevelopmentHandler {
    /// The module that calls it, if any. Usually the name of the module's file.
    pub module: Option<String>,
    /// The name of the function.
    pub name: String,
}

impl DevelopmentHandler {
    /// Whether a place is inside the handler, by the names of its file and of the function around
    /// it.
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
