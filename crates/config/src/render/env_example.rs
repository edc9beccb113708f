use std::fmt::Write as _;

use super::listing::{SECRET_EXAMPLE, list};
use crate::{Schema, variables};

impl Schema {
    /// Returns `.env.example`: every variable, commented out, with its default. Secrets are
    /// references.
    #[must_use]
    pub fn env_example(&self, service: &str) -> String {
        let profile = variables::profile_variable(service);
        let mut text =
            format!("# development, test, staging or production.\n# {profile}=development\n");
        for entry in list(self).into_iter().filter(|entry| entry.has_variable) {
            text.push('\n');
            let paragraph = entry.description.split("\n\n").next().unwrap_or_default();
            let words: Vec<_> = paragraph.split_whitespace().collect();
            if !words.is_empty() {
                let _ = writeln!(text, "# {}", words.join(" "));
            }
            let value = if entry.secret {
                SECRET_EXAMPLE.to_owned()
            } else {
                entry.default.unwrap_or_default()
            };
            let value = value.replace(['\n', '\r'], " ");
            let _ = writeln!(
                text,
                "# {}={value}",
                variables::variable(service, &entry.key)
            );
        }
        text
    }
}
