//! The functions of a Go file, and blocks of lines with the same indentation.

use crate::packs::signs::ascii::ascii;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

/// A function with its parts.
#[derive(Debug)]
pub(super) struct Function<'t> {
    pub(super) name: &'t str,
    pub(super) receiver: &'t str,
    pub(super) parameters: &'t str,
    /// The results between the parameters and the body.
    pub(super) results: &'t str,
    pub(super) body: &'t str,
    /// The first byte of the line with the name.
    pub(super) start: usize,
    /// The first byte of the body.
    pub(super) at: usize,
}

static HEADER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    ascii(r"(?m)^func (?:\((?P<receiver>\w+)? ?[^)\n]*\) )?(?P<name>\w+)(?:\[[^\]\n]*\])?\(")
});

/// The functions of a file that gofmt formatted: each ends with a brace at the start of a line.
pub(super) fn of_go(text: &str) -> Vec<Function<'_>> {
    let Some(header) = HEADER.as_ref() else {
        return Vec::new();
    };
    header
        .captures_iter(text)
        .filter_map(|captures| {
            let whole = captures.get(0)?;
            let rest = text.get(whole.end()..)?;
            let parameters = rest.get(..closing(rest)?)?;
            let after = whole.end() + parameters.len();
            let open = after + text.get(after..)?.find('{')?;
            let length = text.get(open..)?.find("\n}")?;
            Some(Function {
                name: captures.name("name")?.as_str(),
                receiver: captures.name("receiver").map_or("", |found| found.as_str()),
                parameters,
                results: text.get(after..open)?,
                body: text.get(open + 1..open + length)?,
                start: whole.start(),
                at: open + 1,
            })
        })
        .collect()
}

/// The length of a list of parameters up to the parenthesis that closes it.
pub(in crate::packs::signs) fn closing(rest: &str) -> Option<usize> {
    let mut depth = 1_usize;
    for (at, letter) in rest.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

/// A line of a body with its place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line<'t> {
    pub(super) text: &'t str,
    pub(super) at: usize,
}

impl<'t> Line<'t> {
    pub(super) fn indentation(&self) -> &'t str {
        let end = self.text.len() - self.text.trim_start().len();
        self.text.get(..end).unwrap_or_default()
    }

    pub(super) fn span(&self) -> Range<usize> {
        self.at + self.indentation().len()..self.at + self.text.trim_end().len()
    }
}

/// The lines of a body that starts at a place.
pub(super) fn lines(body: &str, start: usize) -> Vec<Line<'_>> {
    let mut at = start;
    body.split_inclusive('\n')
        .map(|text| {
            let line = Line {
                text: text.trim_end_matches('\n'),
                at,
            };
            at += text.len();
            line
        })
        .collect()
}

/// The lines after a line that opens a block, up to the line with its indentation that closes it.
pub(super) fn block<'l, 't>(lines: &'l [Line<'t>], opening: usize) -> &'l [Line<'t>] {
    let Some(first) = lines.get(start_of_chain(lines, opening)) else {
        return &[];
    };
    let rest = lines.get(opening + 1..).unwrap_or_default();
    let end = rest
        .iter()
        .position(|line| {
            !line.text.trim().is_empty() && line.indentation().len() <= first.indentation().len()
        })
        .unwrap_or(rest.len());
    rest.get(..end).unwrap_or_default()
}

/// The first line of a statement whose calls are chained over several lines.
pub(super) fn start_of_chain(lines: &[Line<'_>], end: usize) -> usize {
    (0..end)
        .rev()
        .take_while(|at| {
            lines.get(*at).is_some_and(|line| {
                line.text.trim_end().ends_with('.') && !line.text.contains("//")
            })
        })
        .last()
        .unwrap_or(end)
}
