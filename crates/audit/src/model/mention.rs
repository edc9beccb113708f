//! Locations of environment variable names in the texts of a repository.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use super::Model;
use crate::repository::Role;
use crate::source::Language;

/// Files in which each variable of a manifest occurs as a word. The first query searches every text
/// once.
#[derive(Debug, Default)]
pub(super) struct Mentions(OnceLock<BTreeMap<String, BTreeSet<Arc<str>>>>);

impl Model {
    /// Returns the code, configuration and shell files in which a variable of a manifest occurs.
    /// Documents, examples and compose files do not read variables and are excluded.
    #[must_use]
    pub fn mentions(&self, variable: &str) -> Option<&BTreeSet<Arc<str>>> {
        self.mentions.0.get_or_init(|| search(self)).get(variable)
    }
}

fn search(model: &Model) -> BTreeMap<String, BTreeSet<Arc<str>>> {
    let mut found: BTreeMap<String, BTreeSet<Arc<str>>> = model
        .services
        .iter()
        .flat_map(|service| service.variables().0)
        .map(|variable| (variable.name.clone(), BTreeSet::new()))
        .collect();
    if found.is_empty() {
        return found;
    }
    let reading = model
        .files
        .values()
        .map(|found| &found.file)
        .filter(|file| {
            let read = file.language.is_code()
                || file.language.is_configuration()
                || file.path.ends_with(".sh");
            read && file.language != Language::Dotenv
                && !file.path.contains("compose")
                && !matches!(file.role, Role::Documentation | Role::Example)
        });
    for file in reading {
        let words = file
            .text
            .split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'))
            .filter(|word| {
                word.starts_with(|letter: char| letter.is_ascii_uppercase() || letter == '_')
            });
        for word in words {
            if let Some(files) = found.get_mut(word) {
                files.insert(file.path.clone());
            }
        }
    }
    found
}
