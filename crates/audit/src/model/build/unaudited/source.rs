//! Code that belongs to no service.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;

use crate::model::build::unit::is_part_of;
use crate::model::facts::Module;
use crate::model::service::FileFacts;
use crate::repository::Role;
use crate::source::Language;

/// Extensions of languages that have no grammar here, and the names of these languages.
const UNREAD: &[(&str, &str)] = &[
    ("php", "PHP"),
    ("rb", "Ruby"),
    ("cs", "C#"),
    ("fs", "F#"),
    ("vb", "Visual Basic"),
    ("ex", "Elixir"),
    ("exs", "Elixir"),
    ("erl", "Erlang"),
    ("scala", "Scala"),
    ("clj", "Clojure"),
    ("groovy", "Groovy"),
    ("swift", "Swift"),
    ("dart", "Dart"),
    ("c", "C"),
    ("cc", "C++"),
    ("cpp", "C++"),
    ("hs", "Haskell"),
    ("ml", "OCaml"),
    ("pl", "Perl"),
    ("r", "R"),
    ("jl", "Julia"),
    ("zig", "Zig"),
    ("nim", "Nim"),
    ("cr", "Crystal"),
];

/// The language of a code file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum CodeLanguage {
    /// A language with a grammar.
    Read(&'static str),
    /// A language without a grammar.
    Unread(&'static str),
}

/// The files of a repository, seen by folder.
pub(super) struct Sources<'m> {
    pub(super) files: &'m BTreeMap<Arc<str>, FileFacts>,
    pub(super) paths: &'m BTreeSet<String>,
    modules: BTreeMap<String, Vec<Language>>,
}

impl<'m> Sources<'m> {
    pub(super) fn of(
        files: &'m BTreeMap<Arc<str>, FileFacts>,
        paths: &'m BTreeSet<String>,
    ) -> Self {
        let mut modules: BTreeMap<String, Vec<Language>> = BTreeMap::new();
        for found in files.values() {
            for module in &found.facts.of::<Module>().items {
                modules
                    .entry(module.folder.clone())
                    .or_default()
                    .push(module.language);
            }
        }
        Self {
            files,
            paths,
            modules,
        }
    }

    /// Whether the repository contains a file, or a folder with files.
    pub(super) fn has(&self, path: &str) -> bool {
        path.is_empty()
            || self.paths.contains(path)
            || self.files.contains_key(path)
            || below(self.paths, path).next().is_some()
            || self.files_below(path).next().is_some()
    }

    /// Production code in a folder, or in one file, that no manifest of its language owns: how many
    /// files of which language.
    pub(super) fn orphans(&self, place: &str) -> BTreeMap<CodeLanguage, usize> {
        let mut counts = BTreeMap::new();
        let one = self.files.get_key_value(place);
        for (path, found) in one.into_iter().chain(self.files_below(place)) {
            if found.file.role != Role::Production {
                continue;
            }
            let Some(language) = code_language(path, found.file.language) else {
                continue;
            };
            let owned = matches!(language, CodeLanguage::Read(_))
                && self.is_owned(path, found.file.language);
            if !owned {
                *counts.entry(language).or_default() += 1;
            }
        }
        counts
    }

    fn files_below(&self, folder: &str) -> impl Iterator<Item = (&'m Arc<str>, &'m FileFacts)> {
        let prefix = prefix(folder);
        self.files
            .range::<str, _>((Bound::Included(prefix.as_str()), Bound::Unbounded))
            .take_while(move |(path, _)| path.starts_with(&prefix))
    }

    fn is_owned(&self, path: &str, language: Language) -> bool {
        ancestors(path).any(|folder| {
            self.modules
                .get(folder)
                .is_some_and(|own| own.iter().any(|own| is_part_of(*own, language)))
        })
    }
}

fn prefix(folder: &str) -> String {
    if folder.is_empty() {
        String::new()
    } else {
        format!("{folder}/")
    }
}

fn below<'p>(paths: &'p BTreeSet<String>, folder: &str) -> impl Iterator<Item = &'p String> {
    let prefix = prefix(folder);
    paths
        .range::<str, _>((Bound::Included(prefix.as_str()), Bound::Unbounded))
        .take_while(move |path| path.starts_with(&prefix))
}

/// The folders of a path, nearest first. The last one is the root.
fn ancestors(path: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(path);
    std::iter::from_fn(move || {
        let current = rest?;
        if current.is_empty() {
            rest = None;
            return None;
        }
        let folder = current.rsplit_once('/').map_or("", |(folder, _)| folder);
        rest = Some(folder);
        Some(folder)
    })
}

fn code_language(path: &str, language: Language) -> Option<CodeLanguage> {
    if language.is_code() {
        return Some(CodeLanguage::Read(language.name()));
    }
    if language != Language::Text && !language.is_text_code() {
        return None;
    }
    let extension = path.rsplit_once('.')?.1.to_lowercase();
    UNREAD
        .iter()
        .find(|(own, _)| *own == extension)
        .map(|(_, name)| CodeLanguage::Unread(name))
}

/// Whether a path is inside a folder, or is the folder.
pub(in crate::model::build) fn inside(path: &str, folder: &str) -> bool {
    folder.is_empty() || path == folder || path.starts_with(&prefix(folder))
}
