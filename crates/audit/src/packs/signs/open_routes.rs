//! Routes that are registered outside of the guard which other routes of the same file have.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use crate::model::FactSink;
use crate::model::facts::{Practice, Topic, Verdict};
use crate::packs::{Pack, Reader};
use crate::repository::Role;
use crate::source::SourceFile;

pub(super) const PACK: Pack = Pack {
    name: "routes without the guard of others",
    reader: Reader::Text(read),
};

const ENDS: &[&str] = &[".go", ".ts", ".js", ".mjs"];
/// Words of a guard: middleware that authenticates or authorizes a caller.
const GUARD: &str = r"(?i)\b(?:\w+\.)*\w*(?:auth(?:enticate|orize|middleware|guard|required|session)?|jwt|verify_?token|require_?(?:login|user|auth|admin)|is_?auth\w*|protect(?:ed)?|ensure\w*|session_?middleware|passport)\w*\b";
const ROUTE: &str = r#"^\s*(?P<router>[\w.]+)\.(?P<method>GET|POST|PUT|PATCH|DELETE|Get|Post|Put|Patch|Delete|get|post|put|patch|delete)\(\s*["'`](?P<path>[^"'`]*)["'`]\s*,(?P<rest>.*)$"#;
const GROUP: &str = r"^\s*(?:const\s+|let\s+|var\s+)?(?P<name>\w+)\s*:?=\s*(?P<parent>[\w.]+)\.(?:Group|Route|group)\((?P<rest>.*)$";
const USE: &str = r"^\s*(?P<router>[\w.]+)\.(?:Use|use|With)\((?P<rest>.*)$";
/// Paths that a caller without credentials needs.
const PUBLIC: &str = r"(?i)login|log-in|signin|sign-in|signup|sign-up|register|token|refresh|health|ready|live|ping|metrics|version|forgot|reset|verify|confirm|webhook|callback|oauth|public|swagger|docs|captcha|logout|^/?$";

struct Patterns {
    guard: Regex,
    route: Regex,
    group: Regex,
    using: Regex,
    public: Regex,
}

static PATTERNS: LazyLock<Option<Patterns>> = LazyLock::new(|| {
    Some(Patterns {
        guard: Regex::new(GUARD).ok()?,
        route: Regex::new(ROUTE).ok()?,
        group: Regex::new(GROUP).ok()?,
        using: Regex::new(USE).ok()?,
        public: Regex::new(PUBLIC).ok()?,
    })
});

pub(super) fn reads(path: &str) -> bool {
    ENDS.iter().any(|end| path.ends_with(end))
}

fn read(file: &SourceFile, facts: &mut FactSink<'_>) {
    if file.role != Role::Production || !reads(&file.path) {
        return;
    }
    let Some(patterns) = PATTERNS.as_ref() else {
        return;
    };
    let mut guarded: BTreeSet<&str> = BTreeSet::new();
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
        if let Some(captures) = patterns.group.captures(line) {
            let inherits = guarded.contains(part(&captures, "parent"));
            if inherits || patterns.guard.is_match(part(&captures, "rest")) {
                guarded.insert(part(&captures, "name"));
            }
        } else if let Some(captures) = patterns.using.captures(line) {
            if patterns.guard.is_match(part(&captures, "rest")) {
                guarded.insert(part(&captures, "router"));
            }
        } else if let Some(captures) = patterns.route.captures(line) {
            let rest = part(&captures, "rest");
            // The last argument is the handler.
            let middleware = rest.rsplit_once(',').map_or("", |(before, _)| before);
            let after = rest.split_once(',').map_or("", |(_, after)| after);
            if guarded.contains(part(&captures, "router"))
                || patterns.guard.is_match(middleware)
                || patterns.guard.is_match(after)
            {
                kept += 1;
            } else if !patterns.public.is_match(part(&captures, "path")) {
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
        let practice = Practice {
            topic: Topic::OpenRoute,
            verdict: Verdict::Review,
            elsewhere: "",
            evidence: evidence.to_owned(),
        };
        facts.add(practice, span);
    }
}

#[cfg(test)]
mod tests {
    use super::PATTERNS;

    #[test]
    fn every_pattern_compiles() {
        assert!(PATTERNS.is_some());
    }
}
