//! Removes control characters from repository text, because a file name may contain an escape
//! sequence.

use std::borrow::Cow;

/// The replacement for a control character.
const REPLACEMENT: char = '�';

/// Replaces control characters, line ends included, and the marks that reverse the direction of
/// text (Trojan Source, CVE-2021-42574). Tabs stay.
pub(crate) fn line(text: &str) -> Cow<'_, str> {
    if text.chars().any(|letter| letter != '\t' && acts(letter)) {
        Cow::Owned(
            text.chars()
                .map(|letter| {
                    if letter != '\t' && acts(letter) {
                        REPLACEMENT
                    } else {
                        letter
                    }
                })
                .collect(),
        )
    } else {
        Cow::Borrowed(text)
    }
}

/// As [`line`], line ends kept.
pub(crate) fn lines(text: &str) -> String {
    text.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

fn acts(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::{line, lines};

    #[test]
    fn terminal_control_characters_are_replaced() {
        assert_eq!(line("a\u{1b}[31mb\n"), "a�[31mb�");
        assert_eq!(line("int\u{202e}x"), "int�x");
        assert_eq!(line("für 東京\t✓"), "für 東京\t✓");
        assert_eq!(lines("a\r\nb"), "a�\nb");
    }
}
