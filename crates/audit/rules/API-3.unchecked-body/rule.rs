//! No code checks a request body.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;

use crate::model::{FileFacts, Model};
use crate::repository::Role;
use crate::rule::{Breach, Category, Check, Metadata, Outcome, Rule, Severity};
use crate::source::Location;

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "API-3.unchecked-body",
        title: "No code checks a request body",
        severity: Severity::Medium,
        category: Category::Contracts,
        meaning: "Spring: a `@RequestBody` has no `@Valid`. NestJS: the type of a `@Body()` or `@Payload()` is an interface, a type alias, `any` or written in place. `ValidationPipe` checks classes only. Parameters with a pipe of their own are excluded. The finding has low confidence. The rule reports one per file.",
        why: "Every body passes: wrong types and missing fields reach the database, or end the request with an error 500.",
        fix: &[(
            "any",
            "Spring: add `@Valid` and constraints. NestJS: make the type a class with the decorators of class-validator, or parse the body with a schema.",
        )],
        references: &["https://docs.nestjs.com/techniques/validation"],
    },
    check: Check::Repository(check),
};

/// A parameter with a body, up to its type. A pipe is an argument of the decorator.
const BODY: &str = r"@(?:Body|Payload)\(\s*(?:['\x22]\w+['\x22]\s*)?\)\s*(?:readonly\s+)?(?P<name>\w+)\s*[?]?\s*:\s*(?P<type>any\b|unknown\b|Record<|object\b|\{|(?P<named>[A-Z]\w*))";
/// Types that no code keeps at run time.
const DECLARED: &str = r"(?m)^\s*(?:export\s+)?(?:default\s+)?(?:declare\s+)?(?:interface|type)\s+(?P<name>[A-Z]\w*)\b";
/// A class takes precedence over an interface with the same name.
const CLASS: &str = r"\bclass\s+(?P<name>[A-Z]\w*)\b";

/// A body of Spring that no annotation checks.
const SPRING: &str = r"(?:[(,]|\n)\s*(?P<what>@RequestBody\s+(?:final\s+)?(?P<type>[A-Z]\w*))\b";

struct Patterns {
    spring: Regex,
    body: Regex,
    declared: Regex,
    class: Regex,
}

static PATTERNS: LazyLock<Option<Patterns>> = LazyLock::new(|| {
    Some(Patterns {
        spring: Regex::new(SPRING).ok()?,
        body: Regex::new(BODY).ok()?,
        declared: Regex::new(DECLARED).ok()?,
        class: Regex::new(CLASS).ok()?,
    })
});

fn is_script(found: &&FileFacts) -> bool {
    found.file.role == Role::Production && found.file.path.ends_with(".ts")
}

fn check(model: &Model) -> Vec<Outcome> {
    let Some(patterns) = PATTERNS.as_ref() else {
        return Vec::new();
    };
    let mut outcomes: Vec<Outcome> = model
        .files
        .values()
        .filter_map(|found| spring(found, patterns))
        .collect();
    let files = || model.files.values().filter(is_script);
    let mut types: BTreeMap<&str, Location> = BTreeMap::new();
    let controllers: Vec<_> = files()
        .filter(|found| patterns.body.is_match(&found.file.text))
        .collect();
    if controllers.is_empty() {
        return outcomes;
    }
    for found in files() {
        for captures in patterns.declared.captures_iter(&found.file.text) {
            if let Some(name) = captures.name("name") {
                types.insert(name.as_str(), found.file.location(name.range(), None));
            }
        }
    }
    for found in files() {
        for captures in patterns.class.captures_iter(&found.file.text) {
            if let Some(name) = captures.name("name") {
                types.remove(name.as_str());
            }
        }
    }
    outcomes.extend(
        controllers
            .into_iter()
            .map(|found| outcome(found, patterns, &types)),
    );
    outcomes
}

/// Types of bodies without fields that an annotation could check.
const PLAIN: &[&str] = &[
    "String",
    "Map",
    "List",
    "JsonNode",
    "Object",
    "Resource",
    "MultipartFile",
];

/// One outcome for all bodies of a controller of Spring.
fn spring(found: &FileFacts, patterns: &Patterns) -> Option<Outcome> {
    let text = &found.file.text;
    let controller = found.file.role == Role::Production
        && [".java", ".kt"]
            .iter()
            .any(|end| found.file.path.ends_with(end))
        && text.contains("Controller");
    if !controller || !text.contains("@RequestBody") {
        return None;
    }
    let checked = ["@Validated", "validator.validate", "BindingResult"]
        .iter()
        .any(|word| text.contains(word));
    let mut places = patterns
        .spring
        .captures_iter(text)
        .filter(|captures| {
            !captures
                .name("type")
                .is_some_and(|kind| PLAIN.contains(&kind.as_str()))
        })
        .filter_map(|captures| captures.name("what"))
        .filter(|what| !line_of(text, what.start()).contains("@Valid"))
        .map(|what| (found.file.location(what.range(), None), what.as_str()));
    let Some((at, what)) = places.next().filter(|_| !checked) else {
        return Some(Outcome::passed("annotations check the bodies", None));
    };
    let evidence = format!("no annotation checks `{what}`");
    Some(
        Breach::review(at, evidence)
            .related(places.map(|(at, _)| at))
            .into(),
    )
}

fn line_of(text: &str, at: usize) -> &str {
    let start = text
        .get(..at)
        .and_then(|before| before.rfind('\n'))
        .map_or(0, |end| end + 1);
    text.get(start..)
        .and_then(|rest| rest.lines().next())
        .unwrap_or_default()
}

/// One outcome for all bodies of a file.
fn outcome(found: &FileFacts, patterns: &Patterns, types: &BTreeMap<&str, Location>) -> Outcome {
    let text = &found.file.text;
    let mut places = Vec::new();
    let mut declarations = Vec::new();
    for captures in patterns.body.captures_iter(text) {
        let (Some(whole), Some(kind)) = (captures.get(0), captures.name("type")) else {
            continue;
        };
        let declared = match captures.name("named") {
            Some(named) => types.get(named.as_str()).cloned(),
            None => None,
        };
        if captures.name("named").is_some() && declared.is_none() {
            continue;
        }
        let at = found.file.location(whole.range(), None);
        places.push((at, kind.as_str().trim_end_matches(['<', '{'])));
        declarations.extend(declared);
    }
    // A pipe or a schema in the same file checks the body.
    let parsed = [
        "safeParse(",
        ".parse(",
        "ZodValidationPipe",
        "JoiValidationPipe",
        "createZodDto",
    ]
    .iter()
    .any(|call| text.contains(call));
    let Some((at, kind)) = places.first().filter(|_| !parsed) else {
        return Outcome::passed("bodies have types that exist at run time", None);
    };
    let evidence = if kind.is_empty() {
        "no code checks this body, whose type is written in place".to_owned()
    } else {
        format!("no code checks this body, because `{kind}` does not exist at run time")
    };
    let others = places.iter().skip(1).map(|(at, _)| at.clone());
    Breach::review(at.clone(), evidence)
        .related(others.chain(declarations))
        .into()
}
