//! Statements that a programmer repeated: the same field assigned twice in a row, the same setter
//! called twice with the same value, or the same getter passed twice. One of the two was meant for
//! another field.

use super::{Pack, Reader};
use crate::model::FactSink;
use crate::model::facts::{Observation, Practice, Verdict};
use crate::repository::Role;
use crate::source::SourceFile;

pub(super) const PACKS: &[Pack] = &[Pack {
    name: "repeated statements",
    reader: Reader::Text(read),
}];

/// Suffixes of the paths of languages with statements of this form.
const SUFFIXES: &[&str] = &[".go", ".ts", ".js", ".java", ".kt", ".py", ".cs"];

fn read(file: &SourceFile, facts: &mut FactSink<'_>) {
    if file.role != Role::Production || !SUFFIXES.iter().any(|end| file.path.ends_with(end)) {
        return;
    }
    let mut before = "";
    let mut start = 0;
    for line in file.text.split_inclusive('\n') {
        let statement = line.trim();
        if let Some(field) = repeated(before, statement) {
            let at = start + line.len() - line.trim_start().len();
            let observation = Observation {
                practice: Practice::Stub,
                verdict: Verdict::Review,
                elsewhere: "",
                evidence: format!("`{field}` is used twice in a row, and another field never"),
            };
            facts.add(observation, at..at + statement.len());
        }
        before = statement;
        start += line.len();
    }
}

/// The field that two statements set, the second without a look at the first.
fn repeated<'a>(first: &str, second: &'a str) -> Option<&'a str> {
    if let Some(getter) = second.strip_suffix("(),")
        && first == second
    {
        let method = getter.rsplit('.').next().unwrap_or_default();
        let gets = method
            .strip_prefix("get")
            .is_some_and(|rest| rest.starts_with(char::is_uppercase));
        return (gets && is_field(getter)).then_some(getter);
    }
    if let Some((setter, _)) = second.split_once('(')
        && first == second
        && second.ends_with(';')
    {
        let method = setter.rsplit('.').next().unwrap_or_default();
        let sets = method
            .strip_prefix("set")
            .is_some_and(|rest| rest.starts_with(char::is_uppercase));
        return (sets && is_field(setter)).then_some(setter);
    }
    let (field, value) = second.split_once(" = ")?;
    let (other, _) = first.split_once(" = ")?;
    let complete =
        |text: &str| text.ends_with(';') || !text.ends_with(['{', '(', '[', ',', '+', '\\']);
    (field == other && is_field(field) && complete(first) && !value.contains(field))
        .then_some(field)
}

/// `this.timeout`, `order.total`: no index, no call.
fn is_field(text: &str) -> bool {
    text.contains('.')
        && text
            .chars()
            .all(|letter| letter.is_alphanumeric() || letter == '.' || letter == '_')
}

#[cfg(test)]
mod tests {
    use super::repeated;

    #[test]
    fn finds_the_second_value_of_a_field() {
        assert_eq!(
            repeated("this.timeout = a || 5;", "this.timeout = b || {};"),
            Some("this.timeout")
        );
        assert_eq!(
            repeated("user.setName(x.name());", "user.setName(x.name());"),
            Some("user.setName")
        );
        assert_eq!(
            repeated("bank.getName(),", "bank.getName(),"),
            Some("bank.getName")
        );
    }

    #[test]
    fn accepts_statements_that_continue() {
        assert_eq!(repeated("q.text = a;", "q.text = q.text + b;"), None);
        assert_eq!(repeated("list.add(x);", "list.add(x);"), None);
        assert_eq!(repeated("total = 1", "total = 2"), None);
    }
}
