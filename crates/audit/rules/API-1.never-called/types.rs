//! Classes and constructors that no other code names.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use super::{is_read, mentions, without_tests};
use crate::model::{FileFacts, Model};
use crate::rule::{Breach, Definitions, Outcome};
use crate::source::Location;

/// Definitions of types. The group `name` is the name, and `above` are the lines above.
const DEFINITIONS: &[(&[&str], &str)] = &[
    (
        &[".ts", ".js", ".mjs"],
        r"(?m)^(?P<above>(?:@[^\n]*\n)*)export (?:default )?(?:abstract )?class (?P<name>[A-Z]\w+)",
    ),
    (&[".go"], r"(?m)^(?P<above>)func (?P<name>New[A-Z]\w+)\("),
    (
        &[".py"],
        r"(?m)^(?P<above>(?:@[^\n]*\n)*)class (?P<name>[A-Z]\w+)(?:\(\s*(?:\w*(?:Exception|Error)|BaseModel|object|ABC)?\s*\))?:",
    ),
    (
        &[".java", ".kt"],
        r"(?m)^(?P<above>(?:@[^\n]*\n)*)(?:public |internal )?(?:final |abstract |open |data |sealed )*(?:class|interface|record) (?P<name>[A-Z]\w+)",
    ),
];

static PATTERNS: LazyLock<Definitions> = LazyLock::new(|| Definitions::new(DEFINITIONS));

/// Decorators and annotations that register nothing.
const PLAIN: &[&str] = &[
    "@Injectable",
    "@Catch",
    "@WebSocketGateway",
    "@Getter",
    "@Setter",
    "@Data",
    "@Builder",
    "@ToString",
    "@Value",
    "@AllArgsConstructor",
    "@NoArgsConstructor",
    "@RequiredArgsConstructor",
    "@EqualsAndHashCode",
    "@Slf4j",
    "@ResponseStatus",
    "@dataclass",
];
/// Parts of paths whose types a framework finds by itself.
const REGISTERED_PATHS: &[&str] = &[
    "migration",
    "seed",
    ".entity.",
    "/entities/",
    "/models/",
    "/model/",
    ".subscriber.",
    ".command.",
    "/management/",
    "/admin",
    "settings",
    "/dto",
    "schema",
    "/pages/",
    "/views/",
    "tasks.py",
    "test",
    "apps.py",
];
/// Starts of the names of types that replace others in tests.
const DOUBLES: &[&str] = &[
    "Fake",
    "Mock",
    "Stub",
    "Dummy",
    "InMemory",
    "NewMock",
    "NewFake",
    "NewMemory",
];
/// Ends of the names of types that a framework finds by itself.
const BASES: &[&str] = &[
    "Application",
    "Module",
    "Entity",
    "Migration",
    "Config",
    "Meta",
    "Configuration",
    "Controller",
    "Resolver",
    "Test",
    "Mock",
];

/// One finding for each file.
pub(super) fn unused_types(model: &Model) -> Vec<Outcome> {
    let mut defined: BTreeMap<&str, Vec<Location>> = BTreeMap::new();
    for found in model.files.values().filter(is_read) {
        definitions(found, &mut defined);
    }
    let named: BTreeSet<&str> = defined
        .iter()
        .filter(|(_, places)| places.len() == 1)
        .map(|(name, _)| *name)
        .collect();
    if named.is_empty() {
        return Vec::new();
    }
    let counts = mentions(model, &named);
    let mut by_file: BTreeMap<&str, Vec<(&str, &Location)>> = BTreeMap::new();
    for name in named {
        let Some(at) = defined.get(name).and_then(|places| places.first()) else {
            continue;
        };
        let own = model
            .files
            .get(&*at.path)
            .map_or(0, |found| own_mentions(found, name));
        if counts.get(name).is_some_and(|count| *count == own) {
            by_file.entry(&at.path).or_default().push((name, at));
        }
    }
    by_file
        .into_values()
        .filter_map(|mut types| {
            types.sort_by_key(|(_, at)| at.line);
            let (name, first) = types.first()?;
            let evidence = format!("no deployed code uses `{name}`");
            let others = types.iter().skip(1).map(|(_, at)| (*at).clone());
            let breach = Breach::review((*first).clone(), evidence).related(others);
            Some(Outcome::from(breach))
        })
        .collect()
}

fn definitions<'m>(found: &'m FileFacts, defined: &mut BTreeMap<&'m str, Vec<Location>>) {
    let path = found.file.path.to_lowercase();
    if REGISTERED_PATHS.iter().any(|part| path.contains(part)) {
        return;
    }
    for pattern in PATTERNS.of_path(&path) {
        for captures in pattern.captures_iter(without_tests(&found.file.text)) {
            let Some(name) = captures.name("name") else {
                continue;
            };
            let above = captures.name("above").map_or("", |lines| lines.as_str());
            let registered = above
                .lines()
                .any(|line| !PLAIN.iter().any(|plain| line.starts_with(plain)));
            let double = DOUBLES.iter().any(|start| name.as_str().starts_with(start));
            if registered || double || BASES.iter().any(|base| name.as_str().ends_with(base)) {
                continue;
            }
            defined
                .entry(name.as_str())
                .or_default()
                .push(found.file.location(name.range(), None));
        }
    }
}

/// How often the file of a type contains its name: the definition, constructors and own references.
/// In TypeScript, Python and Go only the definition and a log context count, because the rest of
/// the file may use the type.
fn own_mentions(found: &FileFacts, name: &str) -> usize {
    let java = [".java", ".kt"]
        .iter()
        .any(|end| found.file.path.ends_with(end));
    if !java {
        let logged = format!("({name}.name)");
        return 1 + found.file.text.matches(&logged).count();
    }
    without_tests(&found.file.text)
        .split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'))
        .filter(|word| *word == name)
        .count()
}
