//! Locations of environment variable names in the texts of a repository.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use super::Model;
use crate::repository::Role;
use crate::source::Language;

/// Files in which each variable of a manifest stands as a word. Every text is searched once, at the
/// first question.
#[derive(Debug, Default)]
pub(super) struct Mentions(OnceLock<BTreeMap<String, BTreeSet<Arc<str>>>>);

impl Model {
    /// The files of code, of configuration and of shell in which a variable that a manifest sets
    /// stands by its name. Documents, examples and compose files do not read variables and are left
    /// out.
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
