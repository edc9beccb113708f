//! Results of Go that are used before their error is checked.

use std::sync::LazyLock;

use regex::Regex;

use crate::model::FactSink;
use crate::model::facts::{Practice, Topic, Verdict};
use crate::packs::{Pack, Reader};
use crate::repository::Role;
use crate::source::SourceFile;

pub(super) const PACK: Pack = Pack {
    name: "results that are used early",
    reader: Reader::Text(read),
};

static ASSIGNMENT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?m)^[ \t]+(?P<name>[a-z]\w*), (?:(?P<error>err\w*) :?= [^\n]*[)}]|_ :?= [^\n]*\.\(\*[\w.]+\))[ \t]*\n").ok()
});

fn read(file: &SourceFile, facts: &mut FactSink<'_>) {
    let Some(assignment) = ASSIGNMENT.as_ref() else {
        return;
    };
    if file.role != Role::Production || !file.path.ends_with(".go") {
        return;
    }
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
            let practice = Practice {
                topic: Topic::IgnoredError,
                verdict: Verdict::Review,
                elsewhere: "",
                evidence: format!(
                    "`{}` is used before its error or its type is checked",
                    name.as_str()
                ),
            };
            let at = whole.end() + line.len() - line.trim_start().len();
            facts.add(practice, at..whole.end() + line.len());
        }
    }
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
    use super::{ASSIGNMENT, uses};

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
