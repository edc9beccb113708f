//! State that parallel requests change without a lock: fields of Spring components, maps of Go.

use std::sync::LazyLock;

use regex::Regex;

use super::practice::mentions;
use super::{Pack, Reader};
use crate::model::FactSink;
use crate::model::facts::{Observation, Practice, Verdict};
use crate::repository::Role;
use crate::source::SourceFile;

pub(super) const PACKS: &[Pack] = &[Pack {
    name: "shared state",
    reader: Reader::Text(read),
}];

/// Annotations of classes with one object for all requests.
const COMPONENTS: &[&str] = &[
    "@service",
    "@component",
    "@restcontroller",
    "@controller",
    "@repository",
];
/// Words of a file that guards its state, or that has one object for each request.
const GUARDS: &[&str] = &[
    "synchronized",
    "volatile",
    "atomic",
    "concurrent",
    "lock",
    "@scope",
    "@requestscope",
    "@configurationproperties",
    "sync.",
    "mutex",
];

static FIELD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?m)^(?:\t| {2,4})private\s+(?:var\s+(?P<kotlin>\w+)|[A-Za-z][\w<>,\[\] ]*\s(?P<java>\w+))\s*(?:[:=][^;\n]*)?;?[ \t]*\r?$").ok()
});
static METHOD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?m)^(?P<before>[^\n]*)\n(?:\t| {2,4})(?:(?:public|protected|private|override|internal)\s+)*(?:fun\s+(?P<kotlin>\w+)|[\w<>,\[\] ]*?(?P<java>\w+))\([^;{]*\{").ok()
});
static MAP: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?m)^(?:var (?P<global>\w+)\s*(?:=\s*(?:make\()?)?map\[|\t(?P<field>\w+)\s+map\[)")
        .ok()
});

fn read(file: &SourceFile, facts: &mut FactSink<'_>) {
    if file.role != Role::Production || mentions(&file.text, GUARDS) {
        return;
    }
    let found = if file.path.ends_with(".go") {
        of_go(&file.text)
    } else if (file.path.ends_with(".java") || file.path.ends_with(".kt"))
        && mentions(&file.text, COMPONENTS)
    {
        of_component(&file.text)
    } else {
        None
    };
    if let Some((at, name)) = found {
        let observation = Observation {
            practice: Practice::SharedState,
            verdict: Verdict::Review,
            elsewhere: "",
            evidence: format!("parallel requests change `{name}` without a lock"),
        };
        facts.add(observation, at..at + name.len());
    }
}

/// The first assignment of a field outside of constructors and setters.
fn of_component(text: &str) -> Option<(usize, &str)> {
    let methods: Vec<_> = METHOD.as_ref()?.captures_iter(text).collect();
    for field in FIELD.as_ref()?.captures_iter(text) {
        let whole = field.get(0)?;
        let name = field.name("java").or_else(|| field.name("kotlin"))?;
        let before = text.get(..whole.start()).unwrap_or_default();
        let before = before.lines().next_back().unwrap_or_default();
        let fixed = [" static ", " final ", " const "]
            .iter()
            .any(|word| whole.as_str().contains(word));
        if before.trim_start().starts_with('@') || fixed {
            continue;
        }
        for (at, _) in text.match_indices(name.as_str()) {
            let assigned = is_assigned(text, at, name.as_str());
            let method = methods
                .iter()
                .rev()
                .find(|method| method.get(0).is_some_and(|head| head.end() <= at));
            let setup = method.is_none_or(|method| is_setup(text, method));
            if assigned && !setup && at > name.end() {
                return Some((at, name.as_str()));
            }
        }
    }
    None
}

/// Whether a name is assigned: `name = …`, `this.name += …` or `name++`, and not declared.
fn is_assigned(text: &str, at: usize, name: &str) -> bool {
    let after = text.get(at + name.len()..).unwrap_or_default().trim_start();
    let assigned = after.starts_with('=') && !after.starts_with("==")
        || ["++", "--", "+=", "-="]
            .iter()
            .any(|operator| after.starts_with(operator));
    let before = text.get(..at).unwrap_or_default();
    let line = before.rsplit('\n').next().unwrap_or_default().trim();
    assigned && (line.is_empty() || line == "this.")
}

/// Constructors, setters and methods that the framework calls once.
fn is_setup(text: &str, method: &regex::Captures<'_>) -> bool {
    let name = method
        .name("kotlin")
        .or_else(|| method.name("java"))
        .map_or("", |name| name.as_str());
    let before = method.name("before").map_or("", |line| line.as_str());
    name.starts_with("set")
        || name.starts_with("init")
        || text.contains(&format!("class {name}"))
        || before.trim_start().starts_with('@')
            && mentions(before, &["postconstruct", "autowired", "bean", "inject"])
}

/// The first write of a map that a struct or the package holds.
fn of_go(text: &str) -> Option<(usize, &str)> {
    for map in MAP.as_ref()?.captures_iter(text) {
        let name = map.name("global").or_else(|| map.name("field"))?;
        let owned = map.name("field").is_some();
        for (at, _) in text.match_indices(name.as_str()) {
            let before = text.get(..at).unwrap_or_default();
            let line = before.rsplit('\n').next().unwrap_or_default();
            let reached = if owned {
                line.ends_with('.')
            } else {
                line.trim().is_empty()
            };
            if reached && at > name.end() && writes(text, at + name.len()) && !in_setup(before) {
                return Some((at, name.as_str()));
            }
        }
    }
    None
}

/// `[key] = …` or `[key]++` after the name of a map.
fn writes(text: &str, from: usize) -> bool {
    let line = text.get(from..).and_then(|rest| rest.lines().next());
    let Some((_, after)) = line
        .filter(|line| line.starts_with('['))
        .and_then(|line| line.split_once(']'))
    else {
        return false;
    };
    let after = after.trim_start();
    after.starts_with('=') && !after.starts_with("==")
        || after.starts_with("++")
        || after.starts_with("+=")
}

/// Whether the last function head before a place belongs to the start of the program.
fn in_setup(before: &str) -> bool {
    let head = before
        .rfind("\nfunc ")
        .and_then(|at| before.get(at + 6..))
        .and_then(|rest| rest.lines().next())
        .unwrap_or_default();
    let name = if head.starts_with('(') {
        head.split_once(") ").map_or("", |(_, name)| name)
    } else {
        head
    };
    [
        "New", "new", "Init", "init", "main", "Load", "load", "Register", "register", "Setup",
        "setup", "With", "Add", "Parse", "parse", "Build", "build",
    ]
    .iter()
    .any(|start| name.starts_with(start))
}
