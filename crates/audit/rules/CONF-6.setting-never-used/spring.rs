//! Fields of classes that Spring fills with settings, and whose getter no code calls.

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

/// `a-key`, `aKey` and `A_KEY` are one name.
fn plain(name: &str) -> String {
    name.chars()
        .filter(|letter| letter.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

pub(super) fn check(model: &Model, service: &Service) -> Vec<Outcome> {
    let Some(field) = FIELD.as_ref() else {
        return Vec::new();
    };
    let files: Vec<&FileFacts> = service
        .files
        .iter()
        .filter_map(|path| model.files.get(path))
        .filter(|found| found.file.role.is_deployed())
        .collect();
    let mut outcomes = Vec::new();
    for own in files.iter().filter(|found| {
        found.file.language == Language::Java
            && found.file.text.contains("@ConfigurationProperties")
            && found.file.text.matches("class ").count() == 1
    }) {
        let text = &own.file.text;
        let prefix = text
            .split_once("@ConfigurationProperties")
            .and_then(|(_, rest)| rest.split('"').nth(1))
            .map(plain)
            .unwrap_or_default();
        let fields: Vec<_> = field
            .captures_iter(text)
            .filter_map(|captures| captures.name("name"))
            .map(|name| (name, is_used(&files, own, &prefix, name.as_str())))
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

/// Whether code calls the getter of a field, or names the property.
fn is_used(files: &[&FileFacts], own: &FileFacts, prefix: &str, name: &str) -> bool {
    let mut letters = name.chars();
    let capital: String = letters
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .chain(letters)
        .collect();
    let getters = [format!("get{capital}"), format!("is{capital}")];
    let property = format!("{prefix}{}", plain(name));
    files.iter().any(|found| {
        let text = &found.file.text;
        let same = found.file.path == own.file.path;
        let called = found.file.language.is_code()
            && getters
                .iter()
                .any(|getter| count_word(text, getter) > usize::from(same));
        let kotlin = found.file.language == Language::Kotlin && text.contains(&format!(".{name}"));
        let named = text
            .split("${")
            .skip(1)
            .filter_map(|rest| rest.split([':', '}']).next())
            .any(|reference| plain(reference) == property);
        called || kotlin || named || same && count_word(text, name) > 1
    })
}
