//! Suppressions in comments: `seaworthy: allow ID until DATE because REASON`.

use std::ops::RangeInclusive;

use chrono::NaiveDate;

use crate::repository::Role;
use crate::rule::rules;
use crate::source::{Language, SourceFile};

const MARK: &str = "seaworthy: allow ";
/// The comment markers of the supported languages.
const LEADERS: [&str; 6] = ["#", "//", "--", ";", "/*", "<!--"];
/// The end markers of comments, which may follow the reason.
const ENDINGS: [&str; 2] = ["*/", "-->"];
/// Maximum number of suppressions in one file.
const MAX_PER_FILE: usize = 200;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CommentSuppression {
    /// IDs of rules.
    pub(super) rules: Vec<&'static str>,
    pub(super) reason: String,
    /// The last day on which it counts.
    pub(super) until: Option<NaiveDate>,
    /// The line of the comment, from 1.
    pub(super) line: usize,
    /// The lines that the suppression covers.
    pub(super) lines: RangeInclusive<usize>,
}

/// The suppressions of a file, and the problems of invalid suppressions, each with its line.
pub(super) fn read(file: &SourceFile) -> (Vec<CommentSuppression>, Vec<(usize, String)>) {
    let mut found = Vec::new();
    let mut wrong = Vec::new();
    if matches!(file.role, Role::Vendored | Role::Generated) || !file.text.contains(MARK) {
        return (found, wrong);
    }
    let lines: Vec<&str> = file.text.lines().collect();
    for (at, line) in lines.iter().enumerate() {
        let Some((before, rest)) = line.split_once(MARK) else {
            continue;
        };
        let Some(code) = before_comment(file, before) else {
            continue;
        };
        let number = at + 1;
        if found.len() + wrong.len() >= MAX_PER_FILE {
            wrong.push((
                number,
                format!("the file has more than {MAX_PER_FILE} suppressions: the rest is ignored"),
            ));
            break;
        }
        let lines = if code.trim().is_empty() {
            number..=next_code_line(&lines, at).unwrap_or(number)
        } else {
            number..=number
        };
        match parse(rest) {
            Ok((rules, until, reason)) => found.push(CommentSuppression {
                rules,
                reason,
                until,
                line: number,
                lines,
            }),
            Err(message) => wrong.push((number, message)),
        }
    }
    (found, wrong)
}

/// Returns the text in front of a comment, or `None` if `before` does not end at the start of a
/// comment. In prose only HTML comments count, because the other signs are plain characters there.
fn before_comment<'l>(file: &SourceFile, before: &'l str) -> Option<&'l str> {
    let before = before.trim_end();
    if file.role == Role::Documentation || file.language == Language::Text && is_prose(&file.path) {
        return before.strip_suffix("<!--");
    }
    LEADERS
        .iter()
        .find_map(|leader| before.strip_suffix(leader))
        .filter(|code| code.is_empty() || code.ends_with(char::is_whitespace))
}

fn is_prose(path: &str) -> bool {
    [".md", ".html", ".rst", ".adoc"]
        .iter()
        .any(|ending| path.ends_with(ending))
}

/// The number of the next line that is neither empty nor a comment.
fn next_code_line(lines: &[&str], comment: usize) -> Option<usize> {
    lines
        .iter()
        .enumerate()
        .skip(comment + 1)
        .find(|(_, line)| {
            let line = line.trim_start();
            !line.is_empty() && !LEADERS.iter().any(|leader| line.starts_with(leader))
        })
        .map(|(at, _)| at + 1)
}

type Parsed = (Vec<&'static str>, Option<NaiveDate>, String);

fn parse(text: &str) -> Result<Parsed, String> {
    let mut text = text.trim();
    for ending in ENDINGS {
        text = text.strip_suffix(ending).unwrap_or(text).trim_end();
    }
    let (head, reason) = text
        .split_once(" because ")
        .ok_or("it has no reason: append `because …`")?;
    let (ids, reason, date) = match head.split_once(" until ") {
        Some((ids, date)) => (ids, reason, Some(date.trim())),
        // The date may follow the reason.
        None => match reason.trim().rsplit_once(" until ") {
            Some((reason, date)) if is_like_a_date(date) => (head, reason, Some(date)),
            _ => (head, reason, None),
        },
    };
    let until = date
        .map(|date| {
            date.parse()
                .map_err(|_| format!("`{date}` is not a date: write `until 2027-01-31`"))
        })
        .transpose()?;
    let reason = reason.trim();
    if reason.is_empty() {
        return Err("its reason is empty".to_owned());
    }
    let rules = ids
        .split(',')
        .map(|id| {
            let id = id.trim();
            rules()
                .iter()
                .map(|rule| rule.metadata.id)
                .find(|known| known.eq_ignore_ascii_case(id))
                .ok_or_else(|| {
                    format!("no rule has the ID `{id}`: list all with `seaworthy audit rules`")
                })
        })
        .collect::<Result<_, _>>()?;
    Ok((rules, until, reason.to_owned()))
}

/// Whether a word consists of digits with signs between them.
fn is_like_a_date(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_digit())
        && word.contains(['-', '/', '.'])
        && word
            .chars()
            .all(|letter| letter.is_ascii_digit() || "-/.".contains(letter))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{MARK, read};
    use crate::repository::{Role, Tracked};
    use crate::source::SourceFile;

    fn only(comment: &str) -> (Vec<super::CommentSuppression>, Vec<(usize, String)>) {
        let text = format!("# {MARK}{comment}\nFROM x\n");
        read(&SourceFile::new(
            "a.yaml",
            &text,
            Role::Production,
            Tracked::Yes,
        ))
    }

    #[test]
    fn a_last_day_counts_on_either_side_of_the_reason() {
        for comment in [
            "SHIP-1.root-user until 2020-01-31 because it is a trial",
            "SHIP-1.root-user because it is a trial until 2020-01-31",
        ] {
            let (found, wrong) = only(comment);
            assert_eq!(wrong, []);
            assert_eq!(found[0].until, "2020-01-31".parse().ok(), "{comment}");
            assert_eq!(found[0].reason, "it is a trial");
        }
        let (found, wrong) = only("SHIP-1.root-user because it is a trial until 2020-13-31");
        assert_eq!((found.len(), wrong.len()), (0, 1));
        let (found, _) = only("SHIP-1.root-user because the team waits until 5");
        assert_eq!(found[0].reason, "the team waits until 5");
    }

    proptest! {
        #[test]
        fn suppression_covers_its_line_and_later_ones(
            parts in prop::collection::vec("\\PC{0,30}|# |\\n|, | until | because |SHIP-1\\.root-user|2027-01-31", 0..20),
        ) {
            let text = parts.join(MARK);
            let file = SourceFile::new("a.yaml", &text, Role::Production, Tracked::Yes);
            for suppression in read(&file).0 {
                prop_assert!(*suppression.lines.start() == suppression.line);
                prop_assert!(*suppression.lines.end() >= suppression.line);
                prop_assert!(!suppression.reason.is_empty());
            }
        }
    }
}
