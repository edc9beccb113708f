//! Look-ups whose result may be missing, used in the next statement without a check.

use std::sync::LazyLock;

use regex::Regex;

use crate::model::FactSink;
use crate::model::facts::{Observation, Practice, Verdict};
use crate::packs::signs::ascii::ascii;
use crate::packs::{Pack, Reader};
use crate::repository::Role;
use crate::source::SourceFile;

pub(super) const PACK: Pack = Pack {
    name: "look-ups",
    reader: Reader::Text(read),
};

/// Suffixes of paths and a pattern of a look-up with the group `name`.
const LOOKUPS: &[(&[&str], &str)] = &[
    (
        &[".py"],
        r"(?m)^[ \t]+(?P<name>\w+)\s*=\s*[^\n=]*\.(?:filter_by|filter|where|query|objects)\b[^\n]*\.(?:first|one_or_none|scalar_one_or_none)\(\)[ \t]*\r?$",
    ),
    (
        &[".py"],
        r"(?m)^[ \t]+(?P<name>\w+)\s*=\s*(?:await\s+)?[\w.]+\.find_one\([^\n]*\)[ \t]*\r?$",
    ),
    (
        &[".py"],
        r"(?m)^[ \t]+(?P<name>\w+)\s*=\s*(?:await\s+)?(?:[^\n=]*\.query\([^\n=]*\)\.get\([^\n]*\)|(?:self\.)?(?:db|session)\.get\([A-Z][^\n]*\))[ \t]*\r?$",
    ),
    (
        &[".cs"],
        r"(?m)^[ \t]*(?:var|\w+(?:<\w+>)?)\s+(?P<name>\w+)\s*=\s*(?:await\s+)?[^\n;]*\.(?:(?:First|Single)OrDefault(?:Async)?|Find(?:Async)?|Get\w+By\w+)\([^;]*\);",
    ),
    (
        &[".go"],
        r"(?m)^\s*(?P<name>[a-z]\w*), err :?= [^\n]*(?:\{\s*\n(?:[^\n]*\n){1,6}?\s*\}\))?\s*\n\s*if err != nil \{\s*\n(?:[ \t]*(?:[^r\s}]|r[^e\n])[^\n}]*(?:\.(?:Error|Errorf|Errorw|Warn|Warnf|Info|Infof|Printf|Println|Print|WriteHeader|SetError)\()[^\n]*\n)+\s*\}(?:\s*else \{\n(?:[^\n}]*\n){1,4}?\s*\})?",
    ),
    (
        &[".php"],
        r"(?m)^\s*(?P<name>\$\w+)\s*=\s*[\w\\]+::(?:find|first)\([^;\n]*\);",
    ),
    (
        &[".ts", ".js"],
        r"(?m)^\s*(?:const|let|var)\s+(?P<name>\w+)\s*=\s*await\s+[\w.]+\.(?:findOne|findByPk|findUnique|findById|findOneBy)\((?:[^()]|\([^()]*\))*\);?[ \t]*\r?$",
    ),
];

static COMPILED: LazyLock<Vec<(&[&str], Regex)>> = LazyLock::new(|| {
    LOOKUPS
        .iter()
        .filter_map(|(files, pattern)| Some((*files, ascii(pattern)?)))
        .collect()
});

/// Words of a statement that checks the result.
const CHECKS: &[&str] = &[
    "if ", "if(", "null", "None", "assert", "??", "isset", "empty(", "expect", "throw", "Guard",
];

/// Maximum distance between a look-up and a use, in bytes.
const WINDOW: usize = 600;

pub(in crate::packs::signs) fn reads(path: &str) -> bool {
    LOOKUPS
        .iter()
        .any(|(files, _)| files.iter().any(|end| path.ends_with(end)))
}

fn read(file: &SourceFile, facts: &mut FactSink<'_>) {
    if file.role != Role::Production {
        return;
    }
    let path = file.path.to_lowercase();
    for (_, regex) in COMPILED
        .iter()
        .filter(|(files, _)| files.iter().any(|end| path.ends_with(end)))
    {
        for captures in regex.captures_iter(&file.text) {
            let (Some(name), Some(whole)) = (captures.name("name"), captures.get(0)) else {
                continue;
            };
            let used = if path.ends_with(".go") {
                use_after_failure(&file.text, whole.end(), name.as_str())
            } else {
                unchecked_use(&file.text, whole.end(), name.as_str())
            };
            if let Some(at) = used {
                let observation = Observation {
                    practice: Practice::UncheckedLookup,
                    elsewhere: "",
                    verdict: Verdict::Review,
                    evidence: format!(
                        "`{}` is used without a check, and the look-up may find nothing or fail",
                        name.as_str()
                    ),
                };
                facts.add(observation, at..at + name.as_str().len());
            }
        }
    }
}

/// The first use of a result of Go after a failure that is only logged, if it is a member access
/// without a comparison. Getters of messages accept nil.
fn use_after_failure(text: &str, from: usize, name: &str) -> Option<usize> {
    let rest = text.get(from..)?;
    let rest = rest.get(..rest.find("\n}").unwrap_or(rest.len()))?;
    let word = |letter: char| letter.is_alphanumeric() || letter == '_';
    let (at, after) = rest
        .match_indices(name)
        .map(|(at, _)| (at, rest.get(at + name.len()..).unwrap_or_default()))
        .find(|(at, after)| {
            let before = rest
                .get(..*at)
                .and_then(|before| before.chars().next_back());
            !before.is_some_and(|letter| word(letter) || letter == '.')
                && !after.chars().next().is_some_and(word)
        })?;
    let access = after.starts_with('.') && !after.starts_with(".Get");
    let checked = rest.get(..at)?.contains("err == nil");
    (access && !checked).then_some(from + at)
}

/// The first use of a name after a place, if it is a member access in a statement without a check.
fn unchecked_use(text: &str, from: usize, name: &str) -> Option<usize> {
    let mut end = (from + WINDOW).min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let rest = text.get(from..end)?;
    let part = |letter: char| letter.is_alphanumeric() || letter == '_';
    let (at, after) = rest
        .match_indices(name)
        .map(|(at, _)| (at, rest.get(at + name.len()..).unwrap_or_default()))
        .find(|(at, after)| {
            let before = rest
                .get(..*at)
                .and_then(|before| before.chars().next_back());
            !before.is_some_and(|letter| part(letter) || letter == '.')
                && !after.chars().next().is_some_and(part)
        })?;
    let start = rest.get(..at)?.rfind('\n').map_or(0, |line| line + 1);
    let line = rest.get(start..)?.lines().next()?;
    let member = after.starts_with('.') || after.starts_with("->");
    let checked = CHECKS.iter().any(|check| line.contains(check));
    // A definition in between starts another function.
    let left = rest.get(..start).is_some_and(|between| {
        ["\ndef ", "\n    def ", "\n}", "function ", "@"]
            .iter()
            .any(|mark| between.contains(mark))
    });
    (member && !checked && !left).then_some(from + at)
}

#[cfg(test)]
mod tests {
    use super::{COMPILED, LOOKUPS, unchecked_use};

    #[test]
    fn every_pattern_compiles() {
        assert_eq!(COMPILED.len(), LOOKUPS.len());
    }

    #[test]
    fn a_member_access_without_a_check_is_found() {
        let used = |text| unchecked_use(text, 0, "job");
        assert_eq!(used("\n    job.start = now"), Some(5));
        assert_eq!(used("\n    if job.start:"), None);
        assert_eq!(
            used("\n    if not job:\n        return\n    job.start = now"),
            None
        );
        assert_eq!(used("\n    save(job)\n    job.start = now"), None);
        assert_eq!(used("\n    jobs.start()\n    a.job.start()"), None);
    }
}
