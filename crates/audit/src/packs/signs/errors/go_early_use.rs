//! Results of Go that are used before their error is checked.

use std::sync::LazyLock;

use regex::Regex;

use crate::model::FactSink;
use crate::model::facts::{Observation, Practice, Verdict};
use crate::packs::signs::ascii::ascii;
use crate::packs::{Pack, Reader};
use crate::repository::Role;
use crate::source::SourceFile;

pub(super) const PACK: Pack = Pack {
    name: "results that are used early",
    reader: Reader::Text(read),
};

static ASSIGNMENT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    ascii(
        r"(?m)^[ \t]+(?P<name>[a-z]\w*), (?:(?P<error>err\w*) :?= [^\n]*[)}]|_ :?= [^\n]*\.\(\*[\w.]+\))[ \t]*\n",
    )
});

fn read(file: &SourceFile, facts: &mut FactSink<'_>) {
    let Some(assignment) = ASSIGNMENT.as_ref() else {
        return;
    };
    if file.role != Role::Production || !file.path.ends_with(".go") {
        return;
    }
    logged_only(file, assignment, facts);
    for captures in assignment.captures_iter(&file.text) {
        let (Some(whole), Some(name)) = (captures.get(0), captures.name("name")) else {
            continue;
        };
        let error = captures.name("error").map_or("err", |error| error.as_str());
        let rest = file.text.get(whole.end()..).unwrap_or_default();
        let Some(line) = rest.lines().next() else {
            continue;
        };
        if uses(line, name.as_str()) && !mentions(line, error) {
            let observation = Observation {
                practice: Practice::IgnoredError,
                verdict: Verdict::Review,
                elsewhere: "",
                evidence: format!(
                    "`{}` is used before its error or its type is checked",
                    name.as_str()
                ),
            };
            let at = whole.end() + line.len() - line.trim_start().len();
            facts.add(observation, at..whole.end() + line.len());
        }
    }
}

/// Number of lines after a check that are read.
const MAX_LINES: usize = 14;

/// Reports values that a function uses although it only logged their error.
fn logged_only(file: &SourceFile, assignment: &Regex, facts: &mut FactSink<'_>) {
    for captures in assignment.captures_iter(&file.text) {
        let (Some(whole), Some(name), Some(error)) = (
            captures.get(0),
            captures.name("name"),
            captures.name("error"),
        ) else {
            continue;
        };
        let rest = file.text.get(whole.end()..).unwrap_or_default();
        if is_used_after_log(rest, name.as_str(), error.as_str()) {
            let observation = Observation {
                practice: Practice::UncheckedValue,
                verdict: Verdict::Review,
                elsewhere: "",
                evidence: format!(
                    "`{}` is used after a failure that the code only logs",
                    name.as_str()
                ),
            };
            facts.add(observation, name.range());
        }
    }
}

/// Whether a block that checks an error only logs it, and the lines after it use the value.
fn is_used_after_log(rest: &str, name: &str, error: &str) -> bool {
    let mut lines = rest.lines();
    let Some(head) = lines.next() else {
        return false;
    };
    if head.trim() != format!("if {error} != nil {{") {
        return false;
    }
    let indentation = head.len() - head.trim_start().len();
    let mut logs = false;
    for line in lines.by_ref() {
        let text = line.trim();
        if text == "}" {
            break;
        }
        let lower = text.to_lowercase();
        let ends = ["fatal", "panic", "exit("]
            .iter()
            .any(|end| lower.contains(end));
        let record = ["log", "print"].iter().any(|word| lower.contains(word));
        if !text.starts_with("//") && (ends || !record || text.starts_with("return")) {
            return false;
        }
        logs |= record && !text.starts_with("//");
    }
    logs && lines
        .take(MAX_LINES)
        .take_while(|line| {
            let own = line.len() - line.trim_start().len();
            line.trim().is_empty() || own >= indentation
        })
        .take_while(|line| !line.contains(&format!("{name} != nil")))
        .any(|line| {
            let line = line.trim();
            !line.starts_with("//")
                && [".", "("].iter().any(|after| {
                    let called = format!("{name}{after}");
                    line.match_indices(&called).any(|(at, _)| {
                        let before = line.get(..at).and_then(|head| head.chars().next_back());
                        !before.is_some_and(|letter| {
                            letter.is_alphanumeric() || "_.\"".contains(letter)
                        })
                    })
                })
        })
}

/// Whether a line reads a member of a value, and does not only test it.
fn uses(line: &str, name: &str) -> bool {
    let line = line.trim();
    let deferred = line.starts_with("defer ") && !line.contains("Body.Close");
    !line.starts_with("if ")
        && !deferred
        && !line.starts_with("//")
        && (line.starts_with(&format!("{name}."))
            || [" ", "(", "*", "defer "]
                .iter()
                .any(|before| line.contains(&format!("{before}{name}."))))
}

fn mentions(line: &str, error: &str) -> bool {
    line.split(|letter: char| !(letter.is_alphanumeric() || letter == '_'))
        .any(|word| word == error)
}

#[cfg(test)]
mod tests {
    use super::{ASSIGNMENT, is_used_after_log, uses};

    #[test]
    fn value_after_a_logged_failure_is_found() {
        let logged = "\tif err != nil {\n\t\tlog.Error(\"no telemetry\", err)\n\t}\n";
        let used = format!("{logged}\tdefer func() {{\n\t\tstop(ctx)\n\t}}()\n");
        assert!(is_used_after_log(&used, "stop", "err"));
        let tested = format!("{logged}\tif stop != nil {{\n\t\tstop(ctx)\n\t}}\n");
        assert!(!is_used_after_log(&tested, "stop", "err"));
        let fatal = "\tif err != nil {\n\t\tlog.Fatal(err)\n\t}\n\tdb.Ping()\n";
        assert!(!is_used_after_log(fatal, "db", "err"));
        let returned = "\tif err != nil {\n\t\tlog.Println(err)\n\t\treturn\n\t}\n\tdb.Ping()\n";
        assert!(!is_used_after_log(returned, "db", "err"));
    }

    #[test]
    fn a_member_before_the_check_is_a_use() {
        assert!(ASSIGNMENT.is_some());
        assert!(uses("\tconsumer.Subscribe(topic)", "consumer"));
        assert!(uses("\tdefer resp.Body.Close()", "resp"));
        assert!(!uses("\tif err != nil {", "resp"));
        assert!(!uses("\tdefer rows.Close()", "rows"));
        assert!(!uses("\tother.consumer.Run()", "sumer"));
    }
}
