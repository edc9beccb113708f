use std::fmt::Write as _;

use super::listing::list;
use crate::{Schema, variables::variable};

impl Schema {
    /// Returns a Markdown table of every key with its variable, type, default and description.
    #[must_use]
    pub fn docs(&self, service: &str) -> String {
        let mut text = String::from(
            "| Key | Variable | Type | Default | Reloadable | Description |\n| --- | --- | --- | --- | --- | --- |\n",
        );
        for entry in list(self) {
            let own = entry.has_variable.then(|| variable(service, &entry.key));
            let others = self.variables().iter();
            let others = others
                .filter(|(_, key)| *key == entry.key)
                .map(|(name, _)| name.clone());
            let names: Vec<_> = own
                .into_iter()
                .chain(others)
                .map(|name| format!("`{name}`"))
                .collect();
            let default = entry.default.map(|default| format!("`{}`", cell(&default)));
            let _ = writeln!(
                text,
                "| `{}` | {} | {} | {} | {} | {} |",
                entry.key,
                names.join(", "),
                cell(&entry.kind),
                default.unwrap_or_default(),
                if entry.reloadable { "yes" } else { "no" },
                cell(&entry.description),
            );
        }
        text
    }

    /// Returns the JSON Schema as text, for editors.
    #[must_use]
    pub fn json(&self) -> String {
        let mut document = self.document().clone();
        document.sort_all_objects();
        let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
        text.push('\n');
        text
    }
}

/// Escapes a text for a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}
