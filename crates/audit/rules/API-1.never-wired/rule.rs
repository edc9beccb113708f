//! No module contains a controller or a consumer.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use crate::model::{FileFacts, Model};
use crate::repository::Role;
use crate::rule::{Breach, Category, Check, Metadata, Outcome, Rule, Severity};
use crate::syntax::count_word;

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "API-1.never-wired",
        title: "No module contains a class of the framework",
        severity: Severity::Medium,
        category: Category::Contracts,
        meaning: "NestJS: no other deployed file names the class of a `@Module`, `@Injectable`, `@Controller`, `@Resolver`, `@Processor`, `@WebSocketGateway` or `@Catch`. The finding has low confidence.",
        why: "The framework does not know the class. Its routes return 404, its events are never handled, and its protection does not exist.",
        fix: &[(
            "any",
            "Add the class to the `controllers` or `providers` of a module, or delete it.",
        )],
        references: &["https://docs.nestjs.com/modules"],
    },
    check: Check::Repository(check),
};

/// Decorators of classes that a module has to name, up to the name of the class.
const CLASS: &str = r"@(?:Module|Injectable|Controller|Resolver|Processor|WebSocketGateway|Catch)\((?:[^()]|\([^()]*\))*\)(?:\s*@\w+\((?:[^()]|\([^()]*\))*\))*\s*export (?:default )?class (?P<name>\w+)";

static PATTERN: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(CLASS).ok());

fn is_script(found: &&FileFacts) -> bool {
    found.file.role == Role::Production && found.file.path.ends_with(".ts")
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'))
}

/// The words of a file without the statements that only pass a class on: `export { A } from './a'`.
/// A class that gets another name there counts as named.
fn named(text: &str) -> impl Iterator<Item = &str> {
    text.split(';')
        .flat_map(|statement| statement.split("\n\n"))
        .filter(|statement| {
            let start = statement.trim_start();
            let passes = start.starts_with("export {") && start.contains("} from");
            !passes || start.contains(" as ")
        })
        .flat_map(words)
}

fn check(model: &Model) -> Vec<Outcome> {
    let Some(pattern) = PATTERN.as_ref() else {
        return Vec::new();
    };
    let classes: Vec<_> = model
        .files
        .values()
        .filter(is_script)
        .flat_map(|found| {
            pattern
                .captures_iter(&found.file.text)
                .filter_map(move |captures| Some((found, captures.name("name")?)))
        })
        .collect();
    // Modules and providers of a library belong to the programs that import them.
    let starts = model
        .files
        .values()
        .filter(is_script)
        .any(|found| found.file.text.contains("NestFactory."));
    let classes: Vec<_> = classes
        .into_iter()
        .filter(|(found, name)| starts || !is_part_of_library(&found.file.text, name.start()))
        .collect();
    if classes.is_empty() {
        return Vec::new();
    }
    let names: BTreeSet<&str> = classes.iter().map(|(_, name)| name.as_str()).collect();
    // A class loader names folders and not classes.
    let mut wired: BTreeSet<(&str, &str)> = BTreeSet::new();
    for found in model.files.values().filter(is_script) {
        for word in named(&found.file.text).filter(|word| names.contains(word)) {
            wired.insert((word, &found.file.path));
        }
    }
    classes
        .iter()
        .map(|(found, name)| {
            let elsewhere = wired
                .iter()
                .any(|(word, path)| *word == name.as_str() && *path != &*found.file.path);
            if elsewhere || is_used_in_place(&found.file.text, name.as_str()) {
                return Outcome::passed(format!("another file names `{}`", name.as_str()), None);
            }
            let at = found.file.location(name.range(), None);
            let evidence = format!("no other file names `{}`", name.as_str());
            Breach::review(at, evidence).into()
        })
        .collect()
}

/// Whether the file of a class uses it. The name of its logger is no use.
fn is_used_in_place(text: &str, name: &str) -> bool {
    let logger = format!("{name}.name");
    count_word(text, name) > 1 + text.matches(&logger).count()
}

/// Whether the decorator above a class is that of a module or a provider.
fn is_part_of_library(text: &str, at: usize) -> bool {
    let before = text.get(..at).unwrap_or_default();
    let last = |decorator: &str| before.rfind(decorator).unwrap_or_default();
    last("@Module(").max(last("@Injectable("))
        > [
            "@Controller(",
            "@Resolver(",
            "@Processor(",
            "@WebSocketGateway(",
        ]
        .iter()
        .map(|decorator| last(decorator))
        .max()
        .unwrap_or_default()
}
