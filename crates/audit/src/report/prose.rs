//! Sentences of rules: plain text with code between backticks, which may come from the repository.

use std::sync::LazyLock;

use regex::Regex;

/// A piece of a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece<'t> {
    /// Words.
    Text(&'t str),
    /// Code, without its backticks.
    Code(&'t str),
}

/// Splits a sentence at pairs of backticks. A backtick without a partner is a word.
pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('`') {
        let Some((code, after)) = behind.split_once('`') else {
            break;
        };
        if !before.is_empty() {
            pieces.push(Piece::Text(before));
        }
        if !code.is_empty() {
            pieces.push(Piece::Code(code));
        }
        rest = after;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest));
    }
    pieces
}

/// Digests of images are cut to what a person compares.
pub(super) fn without_long_digests(text: &str) -> std::borrow::Cow<'_, str> {
    static DIGEST: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new("sha256:([0-9a-f]{8})[0-9a-f]{56}").ok());
    DIGEST
        .as_ref()
        .map_or(text.into(), |digest| digest.replace_all(text, "sha256:$1…"))
}

/// The first sentence of a text. A full stop inside code ends nothing.
pub(super) fn first_sentence(text: &str) -> &str {
    let mut in_code = false;
    let mut letters = text.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '`' => in_code = !in_code,
            '.' if !in_code && letters.peek().is_none_or(|(_, next)| *next == ' ') => {
                let sentence = text.get(..at).unwrap_or(text);
                // "e.g." and the like end no sentence.
                if sentence.ends_with("e.g") {
                    continue;
                }
                return sentence;
            }
            _ => {}
        }
    }
    text
}

/// `3 findings`, `1 finding`.
pub(super) fn count(number: usize, noun: &str) -> String {
    if number == 1 {
        format!("1 {noun}")
    } else {
        format!("{number} {noun}s")
    }
}

/// The heading of the services that were not audited.
pub(super) fn not_audited(number: usize) -> String {
    format!(
        "Not audited: {}. This report does not assess {} code.",
        count(number, "service"),
        if number == 1 { "its" } else { "their" }
    )
}

/// `a`, `a and b`, `a, b and c`.
pub(super) fn list(parts: &[String]) -> String {
    match parts.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::{Piece, first_sentence, list, pieces};

    #[test]
    fn backticks_mark_code_only_in_pairs() {
        assert_eq!(
            pieces("a `b` c"),
            [Piece::Text("a "), Piece::Code("b"), Piece::Text(" c")]
        );
        assert_eq!(pieces("a ` b"), [Piece::Text("a ` b")]);
    }

    #[test]
    fn a_sentence_ends_at_a_full_stop_outside_of_code() {
        assert_eq!(
            first_sentence("Set `a.b: c. d` now. Then"),
            "Set `a.b: c. d` now"
        );
        assert_eq!(first_sentence("One. Two."), "One");
    }

    #[test]
    fn a_list_reads_as_a_sentence() {
        assert_eq!(list(&["a".into(), "b".into(), "c".into()]), "a, b and c");
    }
}
