//! Fixes as diffs, if the change is local and the rule marks it as safe.

use std::fmt::Write as _;

use super::frame::{last_line, secrets};
use crate::model::FileFacts;
use crate::rule::Edit;
use crate::secret::{SafeText, named_values};
use crate::source::{Location, printable};

/// Number of unchanged lines around a change, as in `diff -u` and `git diff`.
const CONTEXT_LINES: usize = 3;
/// Maximum number of lines of a local change.
const MAX_CHANGED_LINES: usize = 12;

/// Returns a unified diff for `git apply`. Returns `None` if the diff would show a credential,
/// because applying a masked diff would write the mask.
pub(crate) fn unified(found: &FileFacts, at: &Location, edit: &Edit) -> Option<String> {
    let file = &found.file;
    let text: &str = &file.text;
    text.get(edit.span.clone())?;
    let first = file.location(edit.span.start..edit.span.start, None).line;
    let last = last_line(found, first, &edit.span);
    if last - first >= MAX_CHANGED_LINES || file.path != at.path {
        return None;
    }
    let from = file.line_span(first)?.start;
    let to = file.line_span(last)?.end;
    let before = text.get(from..to)?;
    let after = format!(
        "{}{}{}",
        text.get(from..edit.span.start)?,
        edit.replacement,
        text.get(edit.span.end..to)?
    );
    let top = first.saturating_sub(CONTEXT_LINES).max(1);
    let above: Vec<&str> = (top..first)
        .filter_map(|number| text.get(file.line_span(number)?))
        .collect();
    let below: Vec<&str> = (last + 1..=last + CONTEXT_LINES)
        .map_while(|number| text.get(file.line_span(number)?))
        .collect();
    // Empty text after the last line end is not a line.
    let below = match below.split_last() {
        Some((last_shown, rest))
            if last_shown.is_empty() && last + below.len() == text.split('\n').count() =>
        {
            rest.to_vec()
        }
        _ => below,
    };
    let removed: Vec<&str> = before.split('\n').collect();
    let added: Vec<&str> = after.split('\n').collect();
    let around = above.len() + below.len();
    let mut diff = String::new();
    writeln!(
        diff,
        "--- a/{0}\n+++ b/{0}\n@@ -{top},{1} +{top},{2} @@",
        file.path,
        removed.len() + around,
        added.len() + around
    )
    .ok()?;
    for (mark, lines) in [(' ', &above), ('-', &removed), ('+', &added), (' ', &below)] {
        for line in lines {
            writeln!(diff, "{mark}{line}").ok()?;
        }
    }
    let shown = file.line_span(top)?.start
        ..file
            .line_span(last + below.len())
            .map_or(to, |span| span.end);
    let hides = secrets(found)
        .iter()
        .any(|secret| secret.start < shown.end && shown.start < secret.end);
    let hides = hides
        || (top..=last + below.len()).any(|number| {
            let line = |number| {
                file.line_span(number)
                    .and_then(|span| text.get(span))
                    .unwrap_or_default()
            };
            let before = number.checked_sub(1).map_or("", line);
            !named_values(line(number), before, file.language).is_empty()
        });
    let printed = printable::lines(&diff);
    let safe = !hides && printed == diff && SafeText::new(&diff).as_str() == diff;
    safe.then(|| diff.trim_end_matches('\n').to_owned())
}

#[cfg(test)]
mod tests {
    use super::unified;
    use crate::model::{FactStore, FileFacts};
    use crate::repository::{Role, Tracked};
    use crate::rule::Edit;
    use crate::source::SourceFile;

    fn diff(text: &str, old: &str, new: &str) -> Option<String> {
        let file = SourceFile::new("a/b.yml", text, Role::Production, Tracked::Yes);
        let start = text.find(old).unwrap();
        let span = start..start + old.len();
        let at = file.location(span.clone(), None);
        let edit = Edit {
            span,
            replacement: new.to_owned(),
        };
        let found = FileFacts {
            file,
            facts: FactStore::default(),
        };
        unified(&found, &at, &edit)
    }

    #[test]
    fn a_diff_applies_with_git() {
        for (text, old, new) in [
            ("one\ntwo\nthree\nfour\nfive\nsix\n", "four", "4\nand more"),
            ("one\n", "one", "1"),
            (
                "a: [\"5432:5432\"]\nb: 1\n",
                "5432:5432",
                "127.0.0.1:5432:5432",
            ),
        ] {
            let folder = tempfile::tempdir().unwrap();
            std::fs::create_dir(folder.path().join("a")).unwrap();
            std::fs::write(folder.path().join("a/b.yml"), text).unwrap();
            std::fs::write(
                folder.path().join("fix.diff"),
                diff(text, old, new).unwrap() + "\n",
            )
            .unwrap();
            let Ok(applied) = std::process::Command::new("git")
                .args(["apply", "fix.diff"])
                .current_dir(folder.path())
                .env("GIT_CEILING_DIRECTORIES", folder.path().parent().unwrap())
                .output()
            else {
                return;
            };
            assert!(applied.status.success(), "{applied:?}");
            assert_eq!(
                std::fs::read_to_string(folder.path().join("a/b.yml")).unwrap(),
                text.replacen(old, new, 1)
            );
        }
    }

    #[test]
    fn no_diff_shows_a_credential_or_acts_on_a_terminal() {
        let key = format!("AKIA{}", "QWERTYUIOPASDFGH");
        assert_eq!(diff(&format!("x: 1\nkey: {key}\n"), "x: 1", "x: 2"), None);
        assert_eq!(diff("x: 1\ny: \u{1b}[2J\n", "x: 1", "x: 2"), None);
    }
}
