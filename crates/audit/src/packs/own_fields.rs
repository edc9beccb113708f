//! Fields of objects that serve all requests, which a request changes without a lock.

use std::sync::LazyLock;

use regex::Regex;

use super::practice::mentions;
use super::{Pack, Reader};
use crate::model::FactSink;
use crate::model::facts::{Observation, Practice, Verdict};
use crate::repository::Role;
use crate::source::SourceFile;

pub(super) const PACKS: &[Pack] = &[Pack {
    name: "fields of shared objects",
    reader: Reader::Text(read),
}];

/// Words of a file that guards its fields, or that has one object for each request.
const GUARDS: &[&str] = &[
    "sync.",
    "mutex",
    "atomic",
    ".lock(",
    "scope.request",
    "asynclocalstorage",
];
/// Prefixes of methods that run once, or that set a field on purpose, in lower case.
const SETUP: &[&str] = &[
    "set",
    "new",
    "init",
    "start",
    "stop",
    "close",
    "run",
    "with",
    "reset",
    "load",
    "connect",
    "open",
    "register",
    "setup",
    "build",
    "unmarshal",
    "scan",
    "before",
    "after",
    "on",
    "use",
    "bootstrap",
    "disconnect",
    "destroy",
    "configure",
    "ensure",
    "get",
    "create",
    "constructor",
    "main",
    "listen",
    "shutdown",
    "reconnect",
    "subscribe",
    "mount",
    "add",
    "reload",
];

/// A method of Go with the body up to its brace in the first column.
static GO_METHOD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?m)^func \((?P<own>\w+) \*(?P<type>\w*(?:Service|Handler|Server|Controller|Consumer|Worker|Receiver|Repository|Repo|Store|Client|Producer|Publisher|Manager|Calculator|Aggregator|UseCase|Usecase|Cache|Limiter|Middleware|Processor|API|Api|Gateway)\w*)\) (?P<name>\w+)\([^\n]*\{\n(?P<body>(?:[ \t][^\n]*\n|\n)*?)\}").ok()
});
/// A method of a class of NestJS.
static SCRIPT_METHOD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?m)^  (?:public |private |protected )?(?:async )?(?P<name>[a-z]\w*)\([^{;]*\{\n(?P<body>(?:    [^\n]*\n|\n)*?)  \}").ok()
});

fn read(file: &SourceFile, facts: &mut FactSink<'_>) {
    if file.role != Role::Production || mentions(&file.text, GUARDS) {
        return;
    }
    let text: &str = &file.text;
    let found = if file.path.ends_with(".go") {
        assigned_by(&GO_METHOD, text)
    } else if file.path.ends_with(".ts")
        && (text.contains("@Injectable(") || text.contains("@Controller("))
        && !text.contains("Scope.")
    {
        assigned_by(&SCRIPT_METHOD, text)
    } else {
        Vec::new()
    };
    for (at, name) in found {
        let observation = Observation {
            practice: Practice::SharedState,
            verdict: Verdict::Review,
            elsewhere: "",
            evidence: format!(
                "one object serves all requests, and parallel requests change its field `{name}`"
            ),
        };
        facts.add(observation, at..at + name.len());
    }
}

fn is_setup(name: &str) -> bool {
    let lower = name.to_lowercase();
    SETUP.iter().any(|start| lower.starts_with(start))
}

/// Returns the fields that methods assign. The name of the object is the group `own` of the
/// pattern, or `this`.
fn assigned_by<'t>(methods: &LazyLock<Option<Regex>>, text: &'t str) -> Vec<(usize, &'t str)> {
    let Some(methods) = methods.as_ref() else {
        return Vec::new();
    };
    methods
        .captures_iter(text)
        .filter(|captures| {
            !captures
                .name("name")
                .is_some_and(|name| is_setup(name.as_str()))
        })
        .filter_map(|captures| {
            let own = captures.name("own").map_or("this", |own| own.as_str());
            let body = captures.name("body")?;
            assigned(body.as_str(), &format!("{own}."), body.start())
        })
        .collect()
}

/// The first statement that assigns a field of the receiver: `s.field = …`, `s.field++`.
fn assigned<'t>(body: &'t str, own: &str, start: usize) -> Option<(usize, &'t str)> {
    let mut at = 0;
    for line in body.split_inclusive('\n') {
        let statement = line.trim_start();
        let indent = line.len() - statement.len();
        if let Some(rest) = statement.strip_prefix(own) {
            let end = rest
                .find(|letter: char| !(letter.is_alphanumeric() || letter == '_'))
                .unwrap_or(rest.len());
            let after = rest.get(end..).unwrap_or_default().trim_start();
            let sets = after.starts_with('=') && !after.starts_with("==")
                || ["++", "--", "+=", "-="]
                    .iter()
                    .any(|operator| after.starts_with(operator));
            if sets && end > 0 {
                return Some((start + at + indent + own.len(), rest.get(..end)?));
            }
        }
        at += line.len();
    }
    None
}
