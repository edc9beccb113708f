//! Texts that a component, a manifest or a client may have written.

/// The maximum length of a problem in bytes. The audit log of a service does not accept entries
/// with more than a few kilobytes.
const MAX_PROBLEM: usize = 2_000;

/// Returns the start of a text, at most `max` bytes.
pub(crate) fn truncated(text: &str, max: usize) -> &str {
    let end = text.floor_char_boundary(max.min(text.len()));
    text.get(..end).unwrap_or_default()
}

/// Returns the start of a problem, at most [`MAX_PROBLEM`] bytes, without control characters. A
/// command prints it to a terminal, which could interpret them.
pub(crate) fn printable(problem: &str) -> String {
    let mut printable = String::new();
    for character in problem.chars() {
        let before = printable.len();
        match character.is_control() {
            true => printable.extend(character.escape_default()),
            false => printable.push(character),
        }
        if printable.len() > MAX_PROBLEM {
            printable.truncate(before);
            break;
        }
    }
    printable
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_are_short_and_have_no_control_characters_plug_2() {
        assert_eq!(printable("a\u{1b}[2J\0é"), "a\\u{1b}[2J\\u{0}é");
        for character in ["x", "é", "\0", "\u{10ffff}"] {
            let problem = printable(&character.repeat(10_000));
            assert!(problem.len() <= MAX_PROBLEM, "{character:?}");
            assert!(problem.len() > MAX_PROBLEM - 10, "{character:?}");
        }
    }
}
