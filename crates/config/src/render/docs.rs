use std::fmt::Write as _;

use super::listing::list;
use crate::{
    Schema,
    effect::Effect,
    key::Key,
    variables::{profile_variable, variable},
};

impl Schema {
    /// Returns a Markdown table of every key with its variable, type, default and description.
    #[must_use]
    pub fn docs(&self, service: &str) -> String {
        let mut text = String::from(
            "| Key | Variable | Type | Default | Reloadable | Description |\n| --- | --- | --- | --- | --- | --- |\n",
        );
        for entry in list(self) {
            let own = entry.has_variable.then(|| variable(service, &entry.key));
            let others = self.names_of(&entry.key);
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
        text.push_str(&self.legacy_docs(service));
        text
    }

    /// The other variables that set a key.
    fn names_of(&self, key: &Key) -> impl Iterator<Item = String> {
        let variables = self.variables().iter();
        variables.filter_map(move |variable| match &variable.effect {
            Effect::Sets { key: set, .. } if set == key => Some(variable.name.clone()),
            _ => None,
        })
    }

    /// The variables of legacy deployments that do not simply set a key, and the keys of legacy
    /// files. Empty if there are none.
    fn legacy_docs(&self, service: &str) -> String {
        let mut variables = String::new();
        for variable in self.variables() {
            if let Effect::Sets {
                conversion: None, ..
            } = &variable.effect
                && !variable.is_conditional()
            {
                continue;
            }
            let mut effect = describe(&variable.effect, service);
            if let Some(other) = variable.together_with {
                effect.push_str(&format!(", together with `{other}`"));
            }
            if let Some(key) = variable.yields_to()
                && variable.is_conditional()
            {
                effect.push_str(&format!(", unless a file sets `{key}`"));
            }
            let _ = writeln!(variables, "| `{}` | {effect} |", variable.name);
        }
        let mut keys = String::new();
        for moved in self.legacy_keys() {
            let effect = describe(&moved.effect, service);
            let _ = writeln!(keys, "| `{}` | {effect} |", moved.from);
        }
        let mut text = String::new();
        if let Some(prefix) = self.legacy_prefix() {
            // Writing to a String cannot fail.
            let _ = write!(
                text,
                "\n## Variables with the prefix `{prefix}`\n\nThe prefix before a key of a file in upper case, with underscores for dots, sets that key, such as\n`{prefix}SERVER_HTTP_ADDR`.\n"
            );
        }
        if !variables.is_empty() {
            text.push_str("\n## Variables of legacy deployments\n\nThe table above lists variables that set a key unchanged.\n\n| Variable | Effect |\n| --- | --- |\n");
            text.push_str(&variables);
        }
        if !keys.is_empty() {
            text.push_str("\n## Keys of legacy files\n\n| Key | Effect |\n| --- | --- |\n");
            text.push_str(&keys);
        }
        text
    }

    /// Returns the JSON Schema as text, for editors.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut document = self.document().clone();
        document.sort_all_objects();
        let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
        text.push('\n');
        text
    }
}

/// Returns a cell with the effect of a variable or a key.
fn describe(effect: &Effect<Key>, service: &str) -> String {
    cell(&match effect {
        Effect::Sets {
            key,
            conversion: Some(conversion),
        } => format!("Sets `{key}`: {}", conversion.format()),
        Effect::Sets { key, .. } => format!("Sets `{key}`"),
        Effect::SetsProfile => format!(
            "Sets the profile if `{}` does not",
            profile_variable(service)
        ),
        Effect::Enables { key } => {
            format!("`true` requires `{key}`, and `false` requires that it is not set")
        }
        Effect::Switches { key, removes } => {
            format!("`true` requires `{key}`, and `false` removes `{removes}`")
        }
        Effect::Maps { key, values } => {
            let effects = values.iter().map(|(value, replacement)| match replacement {
                Some(replacement) => format!("`{value}` sets `{key}` to `{replacement}`"),
                None => format!("`{value}` changes nothing"),
            });
            effects.collect::<Vec<_>>().join(", ")
        }
        Effect::Scheme { key, values } => {
            let values: Vec<_> = values.iter().map(|value| format!("`{value}`")).collect();
            format!("{}: the scheme of `{key}`", values.join(" or "))
        }
        Effect::Profiles => "The keys of each profile, which override those of the file".to_owned(),
        Effect::Accepts { values, advice } => {
            let values: Vec<_> = values.iter().map(|value| format!("`{value}`")).collect();
            format!("Only {} is accepted: {advice}", values.join(" or "))
        }
        Effect::Rejected { advice } => format!("Startup fails: {advice}"),
        Effect::ChangesUrl { key, changes } => {
            let values: Vec<_> = changes
                .iter()
                .map(|(value, _)| format!("`{value}`"))
                .collect();
            format!("Changes the URL of `{key}`: {}", values.join(" or "))
        }
        Effect::ChangesUrls {
            list,
            member,
            changes,
        } => {
            let values: Vec<_> = changes
                .iter()
                .map(|(value, _)| format!("`{value}`"))
                .collect();
            let values = values.join(" or ");
            format!("Changes each `{member}` of `{list}`: {values}")
        }
        Effect::MailHost { key, port, user } => {
            format!("Sets `{key}`, together with `{port}` and `{user}`")
        }
        Effect::PartOf { variable } => format!("Is read together with `{variable}`"),
        Effect::Ignored { advice } => format!("Ignored with a warning: {advice}"),
    })
}

/// Escapes a string for a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}
