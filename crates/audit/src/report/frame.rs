//! Code frames: the lines around a finding, credentials taken out.

use crate::model::FileFacts;
use crate::model::facts::Secret;
use crate::secret::SafeText;
use crate::source::Location;

/// One line before and one after place a line without drowning it.
const CONTEXT_LINES: usize = 1;
/// More lines of one finding are shown by the editor, not by the report.
const MAX_MARKED_LINES: usize = 6;
/// Wider lines do not fit a terminal or a table.
const MAX_COLUMNS: usize = 140;

/// The frame of a place: `> 12 | code` for its own lines, `  11 | code` for the lines around.
pub(crate) fn frame(found: &FileFacts, at: &Location) -> SafeText {
    let file = &found.file;
    let secrets: Vec<_> = found
        .facts
        .of::<Secret>()
        .items
        .iter()
        .map(|secret| secret.at.span.clone())
        .collect();
    let last_offset = at.span.end.saturating_sub(1).max(at.span.start);
    let last = file
        .location(last_offset..last_offset, None)
        .line
        .min(at.line + MAX_MARKED_LINES - 1);
    let mut frame = String::new();
    for line in at.line.saturating_sub(CONTEXT_LINES).max(1)..=last + CONTEXT_LINES {
        let Some(span) = file.line_span(line) else {
            break;
        };
        let hidden: Vec<_> = secrets
            .iter()
            .filter(|secret| secret.start < span.end && span.start < secret.end)
            .map(|secret| {
                secret.start.max(span.start) - span.start..secret.end.min(span.end) - span.start
            })
            .collect();
        let safe = SafeText::without(file.text.get(span).unwrap_or_default(), &hidden);
        let mark = if (at.line..=last).contains(&line) {
            '>'
        } else {
            ' '
        };
        let code: String = safe
            .as_str()
            .chars()
            .take(MAX_COLUMNS)
            .map(|letter| {
                if letter.is_control() && letter != '\t' {
                    '�'
                } else {
                    letter
                }
            })
            .collect();
        frame.push_str(format!("{mark} {line:>4} | {}", code.replace('\t', "    ")).trim_end());
        frame.push('\n');
    }
    SafeText::new(frame.trim_end())
}
