//! Routes that are registered outside of the guard which other routes of the same file have.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;

use crate::model::FactSink;
use crate::model::facts::{Observation, Practice, Verdict};
use crate::packs::signs::ascii::ascii;
use crate::packs::{Pack, Reader};
use crate::repository::Role;
use crate::source::SourceFile;

pub(super) const PACK: Pack = Pack {
    name: "routes without the guard of others",
    reader: Reader::Text(read),
};

const SUFFIXES: &[&str] = &[".go", ".ts", ".js", ".mjs"];
/// Words of a guard: middleware that authenticates or authorizes a caller.
const GUARD: &str = r"(?i)\b(?:\w+\.)*\w*(?:auth(?:enticate|orize|middleware|guard|required|session)?|jwt|verify_?token|require_?(?:login|user|auth|admin)|is_?auth\w*|protect(?:ed)?|ensure\w*|session_?middleware|passport)\w*\b";
/// A guard of one route: `r.With(guard).Post(…)`.
const WITH: &str = r"^\s*[\w.]+\.(?:With|with)\((?P<rest>[^\n]*)\)\.(?:Get|Post|Put|Patch|Delete|get|post|put|patch|delete)\(";
const ROUTE: &str = r#"^\s*(?P<router>[\w.]+)\.(?P<method>GET|POST|PUT|PATCH|DELETE|Get|Post|Put|Patch|Delete|get|post|put|patch|delete)\(\s*["'`](?P<path>[^"'`]*)["'`]\s*,(?P<rest>.*)$"#;
const GROUP: &str = r"^\s*(?:const\s+|let\s+|var\s+)?(?P<name>\w+)\s*:?=\s*(?P<parent>[\w.]+)\.(?:Group|Route|group)\((?P<rest>.*)$";
const USE: &str = r"^\s*(?P<router>[\w.]+)\.(?:Use|use)\((?P<rest>.*)$";
/// Paths that a caller without credentials needs.
const PUBLIC: &str = r"(?i)login|log-in|signin|sign-in|signup|sign-up|register|token|refresh|health|ready|live|ping|metrics|version|forgot|reset|verify|confirm|webhook|callback|oauth|public|swagger|docs|captcha|logout|^/?$";

struct Patterns {
    guard: Regex,
    route: Regex,
    group: Regex,
    using: Regex,
    with: Regex,
    public: Regex,
}

static PATTERNS: LazyLock<Option<Patterns>> = LazyLock::new(|| {
    Some(Patterns {
        guard: ascii(GUARD)?,
        route: ascii(ROUTE)?,
        group: ascii(GROUP)?,
        using: ascii(USE)?,
        with: ascii(WITH)?,
        public: ascii(PUBLIC)?,
    })
});

pub(in crate::packs::signs) fn reads(path: &str) -> bool {
    SUFFIXES.iter().any(|end| path.ends_with(end))
}

fn read(file: &SourceFile, facts: &mut FactSink<'_>) {
    if file.role != Role::Production || !reads(&file.path) {
        return;
    }
    let Some(patterns) = PATTERNS.as_ref() else {
        return;
    };
    if file.text.contains("@Controller(") {
        controller(file, patterns, facts);
        return;
    }
    // The names of routers with a guard, and the indentation of the line that adds it.
    let mut guarded: BTreeMap<&str, usize> = BTreeMap::new();
    let mut kept = 0_usize;
    let mut open = Vec::new();
    let mut start = 0;
    for line in file.text.split_inclusive('\n') {
        let at = start;
        start += line.len();
        let line = line.trim_end();
        let part = |captures: &regex::Captures<'_>, name: &str| {
            captures
                .name(name)
                .and_then(|found| line.get(found.range()))
                .unwrap_or_default()
        };
        let depth = line.len() - line.trim_start().len();
        if !line.trim().is_empty() {
            guarded.retain(|_, own| *own <= depth);
        }
        if let Some(captures) = patterns.with.captures(line) {
            if patterns.guard.is_match(part(&captures, "rest")) {
                kept += 1;
            }
        } else if let Some(captures) = patterns.group.captures(line) {
            let inherits = guarded.contains_key(part(&captures, "parent"));
            if inherits || patterns.guard.is_match(part(&captures, "rest")) {
                guarded.insert(part(&captures, "name"), depth);
            }
        } else if let Some(captures) = patterns.using.captures(line) {
            if patterns.guard.is_match(part(&captures, "rest")) {
                guarded.insert(part(&captures, "router"), depth);
            }
        } else if let Some(captures) = patterns.route.captures(line) {
            let rest = part(&captures, "rest");
            // The last argument is the handler.
            let middleware = rest.rsplit_once(',').map_or("", |(before, _)| before);
            let after = rest.split_once(',').map_or("", |(_, after)| after);
            if guarded.contains_key(part(&captures, "router"))
                || patterns.guard.is_match(middleware)
                || patterns.guard.is_match(after)
            {
                kept += 1;
            } else if !patterns.public.is_match(part(&captures, "path"))
                || part(&captures, "path").trim_matches('/').is_empty()
                    && !part(&captures, "method").eq_ignore_ascii_case("get")
            {
                let reads = part(&captures, "method").eq_ignore_ascii_case("get");
                open.push((
                    at + (line.len() - line.trim_start().len())..at + line.len(),
                    reads,
                ));
            }
        }
    }
    if kept == 0 {
        return;
    }
    for (span, reads) in open {
        let evidence = if reads {
            "other routes of the file have a guard, and this one is read without it"
        } else {
            "other routes of the file have a guard, and this one changes data without it"
        };
        let observation = Observation {
            practice: Practice::OpenRoute,
            verdict: Verdict::Review,
            elsewhere: "",
            evidence: evidence.to_owned(),
        };
        facts.add(observation, span);
    }
}

/// A guard of all routes, which a file of the same service may install.
const GLOBAL: &str = r"\bAPP_GUARD\b|useGlobalGuards\(";
/// A route of NestJS with the decorators around it, up to the line of its method.
const DECORATED: &str = r"(?m)(?:^[ \t]*(?:@\w|//)[^\n]*\n)*?^[ \t]*(?P<what>@(?P<method>Get|Post|Put|Patch|Delete)\((?P<path>[^)\n]*)\))[^\n]*\n(?P<after>(?:[ \t]*//[^\n]*\n|[ \t]*@\w(?:[^\n]*\n[ \t]*[^@a-z\s][^\n]*)*[^\n]*\n|[ \t]*[{}\])][^\n]*\n)*)";

static ROUTES: LazyLock<Option<Regex>> = LazyLock::new(|| ascii(DECORATED));

/// Routes of a NestJS controller without the guard of the others.
fn controller(file: &SourceFile, patterns: &Patterns, facts: &mut FactSink<'_>) {
    let Some(routes) = ROUTES.as_ref() else {
        return;
    };
    let head = file.text.split("class ").next().unwrap_or_default();
    if is_guarded(head) {
        return;
    }
    let (guarded, open): (Vec<_>, Vec<_>) = routes
        .captures_iter(&file.text)
        .partition(|captures| captures.get(0).is_some_and(|all| is_guarded(all.as_str())));
    if guarded.is_empty() {
        return;
    }
    for captures in open {
        let (Some(at), Some(method), Some(path)) = (
            captures.name("what"),
            captures.name("method"),
            captures.name("path"),
        ) else {
            continue;
        };
        let path = path.as_str().trim_matches(['\'', '"', '`']);
        if !path.is_empty() && patterns.public.is_match(path) {
            continue;
        }
        let change = if method.as_str() == "Get" {
            "is read"
        } else {
            "changes data"
        };
        let observation = Observation {
            practice: Practice::OpenRoute,
            verdict: Verdict::Review,
            elsewhere: GLOBAL,
            evidence: format!(
                "other routes of the controller have a guard, and this one {change} without it"
            ),
        };
        facts.add(observation, at.range());
    }
}

fn is_guarded(decorators: &str) -> bool {
    [
        "@UseGuards",
        "@Auth",
        "@Roles",
        "@Public",
        "@RequirePermissions",
    ]
    .iter()
    .any(|guard| decorators.contains(guard))
}

#[cfg(test)]
mod tests {
    use super::PATTERNS;

    #[test]
    fn every_pattern_compiles() {
        assert!(PATTERNS.is_some() && super::ROUTES.is_some());
    }
}
