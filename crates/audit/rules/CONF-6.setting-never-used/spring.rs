//! Fields of classes that Spring fills with settings, and whose getter no code calls.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::Regex;

use crate::model::{FileFacts, Model, Service};
use crate::rule::{Breach, Outcome};
use crate::source::Language;
use crate::syntax::count_word;

static FIELD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?m)^[ \t]+private\s+(?:final\s+)?[A-Za-z][\w<>,.\[\] ]*?\s(?P<name>[a-z]\w*)\s*(?:=[^;\n]*)?;")
        .ok()
});

/// Normalizes a name: `a-key`, `aKey` and `A_KEY` become `akey`.
fn plain(name: &str) -> String {
    name.chars()
        .filter(|letter| letter.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// The names that the code of a service uses, collected once.
struct Uses<'t> {
    /// How often the code contains each getter.
    getters: BTreeMap<&'t str, usize>,
    /// The members that Kotlin code reads.
    members: BTreeSet<&'t str>,
    /// The properties that `${…}` names.
    properties: BTreeSet<String>,
}

fn is_letter(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

impl<'t> Uses<'t> {
    fn of(files: &[&'t FileFacts]) -> Self {
        let mut uses = Self {
            getters: BTreeMap::new(),
            members: BTreeSet::new(),
            properties: BTreeSet::new(),
        };
        for found in files {
            let text: &str = &found.file.text;
            let references = text.split("${").skip(1);
            uses.properties
                .extend(references.filter_map(|rest| Some(plain(rest.split([':', '}']).next()?))));
            if !found.file.language.is_code() {
                continue;
            }
            for word in text.split(|letter: char| !is_letter(letter)) {
                if word.starts_with("get") || word.starts_with("is") {
                    *uses.getters.entry(word).or_default() += 1;
                }
            }
            if found.file.language == Language::Kotlin {
                let after = text.split('.').skip(1);
                uses.members.extend(
                    after.filter_map(|rest| rest.split(|letter| !is_letter(letter)).next()),
                );
            }
        }
        uses
    }

    /// Whether code calls the getter of a field outside of its class, or names the property.
    fn has(&self, own: &str, prefix: &str, name: &str) -> bool {
        let mut letters = name.chars();
        let capital: String = letters
            .next()
            .into_iter()
            .flat_map(char::to_uppercase)
            .chain(letters)
            .collect();
        let called = [format!("get{capital}"), format!("is{capital}")]
            .iter()
            .any(|getter| {
                let all = self.getters.get(getter.as_str()).copied();
                all.unwrap_or_default() > count_word(own, getter)
            });
        called
            || self.members.contains(name)
            || self
                .properties
                .contains(&format!("{prefix}{}", plain(name)))
            || count_word(own, name) > 1
    }
}

pub(super) fn check(model: &Model, service: &Service) -> Vec<Outcome> {
    let Some(field) = FIELD.as_ref() else {
        return Vec::new();
    };
    let files: Vec<&FileFacts> = model
        .files_of(service)
        .filter(|found| found.file.role.is_deployed())
        .collect();
    let classes: Vec<&FileFacts> = files
        .iter()
        .copied()
        .filter(|found| {
            found.file.language == Language::Java
                && found.file.text.contains("@ConfigurationProperties")
                && found.file.text.matches("class ").count() == 1
        })
        .collect();
    if classes.is_empty() {
        return Vec::new();
    }
    let uses = Uses::of(&files);
    let mut outcomes = Vec::new();
    for own in classes {
        let text: &str = &own.file.text;
        let prefix = text
            .split_once("@ConfigurationProperties")
            .and_then(|(_, rest)| rest.split('"').nth(1))
            .map(plain)
            .unwrap_or_default();
        let fields: Vec<_> = field
            .captures_iter(text)
            .filter_map(|captures| captures.name("name"))
            .map(|name| (name, uses.has(text, &prefix, name.as_str())))
            .collect();
        // Without any use, code may pass the whole object to a library.
        if !fields.iter().any(|(_, used)| *used) {
            continue;
        }
        outcomes.extend(fields.into_iter().map(|(name, used)| {
            if used {
                return Outcome::passed(format!("`{}` is used", name.as_str()), None);
            }
            let evidence = format!("no code reads the setting `{}`", name.as_str());
            Breach::review(own.file.location(name.range(), None), evidence).into()
        }));
    }
    outcomes
}
