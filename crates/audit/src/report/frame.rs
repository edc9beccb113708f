//! Code frames: the lines around a finding, without credentials.

use std::fmt;
use std::ops::Range;

use crate::model::FileFacts;
use crate::model::facts::{Hidden, Secret};
use crate::secret::{SafeText, named_values};
use crate::source::{Location, printable};

/// Number of lines that a frame shows before and after the finding.
const CONTEXT_LINES: usize = 1;
/// Maximum number of lines of one finding in a report.
const MAX_MARKED_LINES: usize = 6;
/// Maximum length of a line, in columns. Wider lines do not fit a terminal or a table.
const MAX_COLUMNS: usize = 140;
/// The text that replaces a tab.
const TAB: &str = "    ";

/// One line of a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrameLine {
    /// Number, from 1.
    pub number: usize,
    /// Whether the line is part of the finding.
    pub marked: bool,
    /// The text, cut at 140 columns, without control characters and credentials.
    pub text: SafeText,
}

/// Lines of code around a finding.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frame {
    /// The lines in order.
    pub lines: Vec<FrameLine>,
}

impl Frame {
    /// The frame of a place.
    pub(crate) fn of(found: &FileFacts, at: &Location) -> Self {
        let file = &found.file;
        let last = last_line(found, at.line, &at.span).min(at.line + MAX_MARKED_LINES - 1);
        let first = at.line.saturating_sub(CONTEXT_LINES).max(1);
        let hidden = secrets(found);
        let mut lines = Vec::new();
        for number in first..=last + CONTEXT_LINES {
            let Some(span) = file.line_span(number) else {
                break;
            };
            let safe = without_secrets(found, number, &span, &hidden);
            let shown: String = safe.as_str().chars().take(MAX_COLUMNS).collect();
            lines.push(FrameLine {
                number,
                marked: (at.line..=last).contains(&number),
                text: SafeText::new(printable::line(&shown).replace('\t', TAB).trim_end()),
            });
        }
        Self { lines }
    }

    /// Whether there is nothing to show.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The finding's first line with equal spaces. It stays the same when lines move or their
    /// indentation changes, and when something else changes further down in the same block.
    #[must_use]
    pub(crate) fn snippet(&self) -> String {
        self.lines
            .iter()
            .find(|line| line.marked)
            .into_iter()
            .flat_map(|line| line.text.as_str().split_whitespace())
            .collect::<Vec<_>>()
            .join(" ")
    }
}

impl fmt::Display for Frame {
    /// `> 12 | code` for the finding's own lines, `  11 | code` for the lines around.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, line) in self.lines.iter().enumerate() {
            if at > 0 {
                formatter.write_str("\n")?;
            }
            let mark = if line.marked { '>' } else { ' ' };
            let text = format!("{mark} {:>4} | {}", line.number, line.text);
            formatter.write_str(text.trim_end())?;
        }
        Ok(())
    }
}

/// The line on which a span ends.
pub(super) fn last_line(found: &FileFacts, first: usize, span: &Range<usize>) -> usize {
    let last_offset = trimmed(found, span).end.saturating_sub(1).max(span.start);
    found
        .file
        .location(last_offset..last_offset, None)
        .line
        .max(first)
}

/// A span without the white space at its end: blocks of YAML reach up to the next key.
pub(crate) fn trimmed(found: &FileFacts, span: &Range<usize>) -> Range<usize> {
    let length = found
        .file
        .text
        .get(span.clone())
        .map_or(span.len(), |text| text.trim_end().len());
    span.start..span.start + length
}

/// The places of all credentials of a file, and of texts that may be credentials.
pub(super) fn secrets(found: &FileFacts) -> Vec<Range<usize>> {
    let facts = &found.facts;
    let secrets = facts.of::<Secret>();
    let hidden = facts.of::<Hidden>();
    secrets
        .items
        .iter()
        .map(|secret| secret.at.span.clone())
        .chain(hidden.items.iter().map(|text| text.at.span.clone()))
        .collect()
}

fn without_secrets(
    found: &FileFacts,
    number: usize,
    span: &Range<usize>,
    secrets: &[Range<usize>],
) -> SafeText {
    let file = &found.file;
    let text = file.text.get(span.clone()).unwrap_or_default();
    let before = number
        .checked_sub(1)
        .and_then(|before| file.text.get(file.line_span(before)?))
        .unwrap_or_default();
    let mut hidden: Vec<_> = secrets
        .iter()
        .filter(|secret| secret.start < span.end && span.start < secret.end)
        .map(|secret| {
            secret.start.max(span.start) - span.start..secret.end.min(span.end) - span.start
        })
        .collect();
    hidden.extend(named_values(text, before, file.language));
    SafeText::without(text, &hidden)
}
