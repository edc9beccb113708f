//! SQL statements that read a list without a limit, in every language.

use std::sync::LazyLock;

use regex::Regex;

use crate::model::FactSink;
use crate::model::facts::{Observation, Practice, Verdict};
use crate::packs::signs::ascii::ascii;
use crate::packs::{Pack, Reader};
use crate::repository::Role;
use crate::source::SourceFile;

pub(super) const PACK: Pack = Pack {
    name: "SQL statements",
    reader: Reader::Text(read),
};

/// A string literal that begins with `SELECT`.
const SELECT: &str = "(?i)(?:`\\s*(?P<tick>select\\s[^`]*\\sfrom\\s[^`]*)`|\"{1,3}\\s*(?P<double>select\\s[^\"]*\\sfrom\\s[^\"]*)\"|'\\s*(?P<single>select\\s[^'\\n]*\\sfrom\\s[^'\\n]*)')";
/// Parts of a statement that limit the result to one row or a bounded number of rows.
const BOUNDED: &str = r"(?i)\b(?:limit|top|fetch first|count|max|min|sum|avg|exists|for update|rownum|information_schema|pg_catalog)\b|_id\W?\s*=\s*(?:\$|\?|:|@|%|\{)[\s\S]*_id\W?\s*=\s*(?:\$|\?|:|@|%|\{)|\b(?:\w+\.)?(?:id|uuid|guid|email|username|user_?name|login|token|slug|hash|key|code|name|number)\W?\s*=\s*(?:\$|\?|:|@|%|'|\{)";

/// Names of calls that read one row.
const ONE_ROW: &[&str] = &[
    "QueryRow",
    ".Get(",
    "GetContext(",
    "First(",
    "fetchone",
    "fetch_one",
    "fetchrow",
    "fetch_val",
    "queryForObject",
    "findOne",
    ".one(",
    "scalar",
    "$queryRaw<[",
];
/// Maximum number of characters between the name of a call and its statement.
const CALL_LENGTH: usize = 60;

/// Maximum number of lines between a statement in a variable and the use of the variable.
const STATEMENTS_AFTER: usize = 6;

fn reads_one_row(text: &str, statement: usize) -> bool {
    let before = text.get(..statement).unwrap_or_default();
    let start = before
        .char_indices()
        .rev()
        .take(CALL_LENGTH)
        .last()
        .map_or(0, |(at, _)| at);
    let call = before.get(start..).unwrap_or_default();
    let call = call.rsplit([';', '}']).next().unwrap_or(call);
    let after = text.get(statement..).unwrap_or_default();
    let after = after
        .split_once(['`', '"', '\''])
        .map_or("", |(_, rest)| rest);
    let after = after.split("\n\n").next().unwrap_or_default();
    let uses = after.lines().take(STATEMENTS_AFTER);
    ONE_ROW.iter().any(|name| call.contains(name))
        || uses.into_iter().any(|line| line.contains("QueryRow"))
}

static PATTERNS: LazyLock<Option<(Regex, Regex)>> =
    LazyLock::new(|| Some((ascii(SELECT)?, ascii(BOUNDED)?)));

/// Maximum number of statements that are read in one file.
const MAX_STATEMENTS: usize = 50;

fn read(file: &SourceFile, facts: &mut FactSink<'_>) {
    if file.role != Role::Production
        || ![".go", ".ts", ".js", ".py", ".java", ".kt", ".cs", ".php"]
            .iter()
            .any(|end| file.path.ends_with(end))
    {
        return;
    }
    let Some((select, bounded)) = PATTERNS.as_ref() else {
        return;
    };
    for captures in select.captures_iter(&file.text).take(MAX_STATEMENTS) {
        let Some(statement) = ["tick", "double", "single"]
            .iter()
            .find_map(|name| captures.name(name))
        else {
            continue;
        };
        if bounded.is_match(statement.as_str()) || reads_one_row(&file.text, statement.start()) {
            continue;
        }
        let observation = Observation {
            practice: Practice::UnboundedList,
            elsewhere: "",
            verdict: Verdict::Review,
            evidence: "the statement has no limit, so it reads every matching row".to_owned(),
        };
        facts.add(
            observation,
            statement.start()..statement.start() + "select".len(),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::PATTERNS;

    #[test]
    fn statement_of_a_list_has_no_bound() {
        let (select, bounded) = PATTERNS.as_ref().expect("the patterns compile");
        for (text, is_list) in [
            ("`SELECT a FROM b WHERE user_id = $1`", true),
            ("\"select a from b\"", true),
            ("`SELECT a FROM b WHERE id = $1`", false),
            ("'SELECT count(a) FROM b'", false),
            ("`SELECT a FROM b LIMIT 10`", false),
        ] {
            assert!(select.is_match(text), "{text}");
            assert_eq!(!bounded.is_match(text), is_list, "{text}");
        }
    }
}
