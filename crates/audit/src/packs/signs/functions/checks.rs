//! A record that a function reads, compares and then changes, without a lock.

use std::sync::LazyLock;

use regex::Regex;

use super::super::ascii::ascii;
use super::steps::{Function, Step, StepKind, offset};
use crate::model::FactSink;
use crate::model::facts::{Observation, Practice, Verdict};

/// The variable that a line sets.
const TARGET: &str = r"(?:^|[\s(])(?P<name>[a-z]\w*)(?:\s*:\s*[\w<>\[\], |?]+)?(?:,\s*\w+)?\s*:?=\s*(?:await\s+|yield\s+)?[^=\n]*$";
/// Fields whose comparison decides about a change.
const STATE: &str = r"(?i)status|state|stock|quantity|qty|balance|count|amount|available|used|remaining|limit|seats|capacity|active|paid|credit|points|attempts|version|expires|locked|redeemed|cancel|refund|max";
/// Fields that contain such a word and mean something else.
const OTHER: &str = r"(?i)account|discount|country|statement|(?:Id|ID|_id)$";
/// Words of a function whose change fails after a concurrent change.
const SAFE: &str = r"(?i)for update|with_for_update|select_for_update|pessimistic|optimistic|\block|\bversion\b|findOneAndUpdate|updateMany|serializable|isolation|\bcas\b|compare|\bwhere\([^)\n]*status|and status|\$inc|rowversion|atomic|mutex|redsync";

struct Patterns {
    target: Regex,
    state: Regex,
    other: Regex,
    safe: Regex,
    branch: Regex,
}

static PATTERNS: LazyLock<Option<Patterns>> = LazyLock::new(|| {
    Some(Patterns {
        target: ascii(TARGET)?,
        state: ascii(STATE)?,
        other: ascii(OTHER)?,
        safe: ascii(SAFE)?,
        branch: ascii(r"(?m)^[ \t]*(?:\}\s*else\s+)?(?:el)?(?P<what>(?:if|switch)\b[^\n]*)")?,
    })
});

/// Whether a text protects a record from concurrent changes.
pub(in crate::packs) fn guards(text: &str) -> bool {
    PATTERNS
        .as_ref()
        .is_some_and(|patterns| patterns.safe.is_match(text))
}

/// Whether a condition of a text compares the status of a record.
pub(in crate::packs) fn compares_state(text: &str) -> bool {
    text.lines().any(|line| {
        let line = line.trim_start().trim_start_matches("} else ");
        let lower = line.to_lowercase();
        (line.starts_with("if") || line.starts_with("switch") || line.starts_with("case"))
            && ["status", "state", "paid", "processed"]
                .iter()
                .any(|word| lower.contains(word))
    })
}

/// Whether a condition of a text compares a state or a number of a variable: `a.stock < n`.
pub(in crate::packs) fn is_compared(text: Option<&str>, name: &str) -> bool {
    let (Some(text), Some(patterns)) = (text, PATTERNS.as_ref()) else {
        return false;
    };
    patterns.branch.captures_iter(text).any(|captures| {
        let condition = captures.name("what").map_or("", |what| what.as_str());
        let ordered = [" < ", " > ", " <= ", " >= "]
            .iter()
            .any(|sign| condition.contains(sign));
        let equal = ["==", "!=", ".equals("]
            .iter()
            .any(|sign| condition.contains(sign));
        (ordered || equal)
            && field_of(condition, name).is_some_and(|field| {
                (ordered && !field.is_empty() || patterns.state.is_match(field))
                    && !patterns.other.is_match(field)
                    && !LENGTHS.contains(&field)
            })
    })
}

/// Fields with the length of a value or the result of a call.
const LENGTHS: &[&str] = &[
    "length",
    "size",
    "len",
    "Len",
    "statusCode",
    "StatusCode",
    "status_code",
    "RowsAffected",
    "affectedRows",
    "rowCount",
    "rowcount",
    "count",
    "isEmpty",
    "getStatusCode",
];

/// Reports the first comparison of a record before its change.
pub(super) fn checked_state(function: &Function<'_>, text: &str, facts: &mut FactSink<'_>) {
    let Some(patterns) = PATTERNS.as_ref() else {
        return;
    };
    let Some(write) = function.of(StepKind::Write).last() else {
        return;
    };
    if patterns.safe.is_match(function.body) {
        return;
    }
    for read in function.of(StepKind::Read) {
        if read.span.end >= write.span.start {
            break;
        }
        let Some(found) = compared(function, read, write, text, patterns) else {
            continue;
        };
        let observation = Observation {
            practice: Practice::SharedState,
            verdict: Verdict::Review,
            elsewhere: "",
            evidence: "a record is read, compared and then changed without a lock, so two parallel requests both pass the check".to_owned(),
        };
        facts.add(observation, found);
        return;
    }
}

/// The comparison of a record between its read and the write.
fn compared(
    function: &Function<'_>,
    read: &Step<'_>,
    write: &Step<'_>,
    text: &str,
    patterns: &Patterns,
) -> Option<std::ops::Range<usize>> {
    let before = text.get(..read.span.start)?;
    let line = before.rfind('\n').map_or(0, |line| line + 1);
    let head = text.get(line..read.span.start)?;
    let name = patterns.target.captures(head)?.name("name")?.as_str();
    let start = offset(text, function.body);
    let between = text.get(read.span.end..write.span.start)?;
    patterns.branch.captures_iter(between).find_map(|captures| {
        let branch = captures.name("what")?;
        let condition = branch.as_str();
        let field = field_of(condition, name)?;
        let chooses = condition.starts_with("switch");
        let compares = chooses
            || ["==", "!=", "<", ">", " in ", " is ", "!"]
                .iter()
                .any(|sign| condition.contains(sign));
        (compares
            && patterns.state.is_match(field)
            && !patterns.other.is_match(field)
            && read.span.start >= start)
            .then(|| read.span.end + branch.start()..read.span.end + branch.end())
    })
}

/// The field of a variable that a condition names: `order.status`, `order.getStatus()`.
fn field_of<'c>(condition: &'c str, name: &str) -> Option<&'c str> {
    condition.match_indices(name).find_map(|(at, _)| {
        let before = condition
            .get(..at)
            .and_then(|before| before.chars().next_back());
        if before.is_some_and(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '.')) {
            return None;
        }
        let rest = condition.get(at + name.len()..)?;
        let rest = rest
            .strip_prefix("?.")
            .or_else(|| rest.strip_prefix("->"))
            .or_else(|| rest.strip_prefix('.'))?;
        let end = rest
            .find(|letter: char| !(letter.is_alphanumeric() || letter == '_'))
            .unwrap_or(rest.len());
        rest.get(..end)
    })
}

#[cfg(test)]
mod tests {
    use super::{PATTERNS, field_of};

    #[test]
    fn every_pattern_compiles() {
        assert!(PATTERNS.is_some());
    }

    #[test]
    fn the_field_of_a_variable_is_found_in_a_condition() {
        assert_eq!(
            field_of("if order.status != 'paid'", "order"),
            Some("status")
        );
        assert_eq!(
            field_of("if (order.getStatus() == PAID)", "order"),
            Some("getStatus")
        );
        assert_eq!(field_of("if reorder.status == 1", "order"), None);
        assert_eq!(field_of("if order == nil", "order"), None);
    }
}
