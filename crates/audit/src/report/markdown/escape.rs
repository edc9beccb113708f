//! Text of a repository inside Markdown.

use crate::report::prose::{Piece, pieces, without_long_digests};
use crate::source::printable;

/// Characters that mean something in GitHub's Markdown, HTML included.
const SPECIAL: &[char] = &[
    '\\', '`', '*', '_', '[', ']', '<', '>', '|', '~', '&', '#', '!', '@', '$',
];
/// The shortest fence.
const FENCE: usize = 3;

/// Words on one line, nothing of which is markup.
pub(in crate::report) fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in printable::line(&text.replace('\n', " ")).chars() {
        if SPECIAL.contains(&letter) {
            out.push('\\');
        }
        out.push(letter);
    }
    // A scheme or a host would become a link.
    out.replace("://", "&#58;//").replace("www.", "www&#46;")
}

/// Code on one line.
pub(in crate::report) fn code(text: &str) -> String {
    let text = text.replace('\n', " ");
    let text = printable::line(&text);
    if text.trim().is_empty() {
        return String::new();
    }
    let fence = "`".repeat(longest_run(&text) + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') {
        " "
    } else {
        ""
    };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// A sentence of a rule: code between backticks stays code.
pub(in crate::report) fn prose(sentence: &str) -> String {
    pieces(&without_long_digests(sentence))
        .into_iter()
        .map(|piece| match piece {
            Piece::Text(words) => text(words),
            Piece::Code(words) => code(words),
        })
        .collect()
}

/// Escapes text for a table cell, where a bar ends the cell even inside code.
pub(in crate::report) fn table(markdown: &str) -> String {
    markdown.replace('|', "\\|")
}

/// A block of code that nothing inside can end.
pub(in crate::report) fn block(language: &str, text: &str, indent: &str) -> String {
    let fence = "`".repeat((longest_run(text) + 1).max(FENCE));
    let mut out = format!("{indent}{fence}{language}\n");
    for line in text.split('\n') {
        out.push_str(format!("{indent}{}", printable::line(line)).trim_end());
        out.push('\n');
    }
    out.push_str(indent);
    out.push_str(&fence);
    out
}

fn longest_run(text: &str) -> usize {
    let mut longest = 0;
    let mut run = 0;
    for letter in text.chars() {
        run = if letter == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{block, code, text};

    #[test]
    fn markup_characters_are_escaped() {
        assert_eq!(text("a_b <img> [x](y) |"), "a\\_b \\<img\\> \\[x\\](y) \\|");
        assert_eq!(text("https://evil"), "https&#58;//evil");
        assert_eq!(code("a`b"), "``a`b``");
        assert_eq!(code("`"), "`` ` ``");
        assert_eq!(block("", "```\nx", ""), "````\n```\nx\n````");
    }

    proptest! {
        #[test]
        fn a_block_ends_only_at_its_own_fence(inside in "[`a\n ]{0,40}") {
            let block = block("", &inside, "");
            let fence = block.lines().next().unwrap().to_owned();
            let closing = block.lines().skip(1).filter(|line| {
                line.trim().len() >= fence.len() && line.trim().chars().all(|letter| letter == '`')
            });
            prop_assert_eq!(closing.count(), 1);
        }

        #[test]
        fn code_holds_no_run_as_long_as_its_fence(inside in "[`ab]{1,20}") {
            let code = code(&inside);
            let fence = code.chars().take_while(|letter| *letter == '`').count();
            let body = &code[fence..code.len() - fence];
            prop_assert!(!body.contains(&"`".repeat(fence)) || inside.trim().is_empty());
        }
    }
}
