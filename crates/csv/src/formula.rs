//! Text that spreadsheets execute as a formula, and its harmless form.

use std::borrow::Cow;

/// Makes a text harmless for spreadsheets. It writes `'` before a text that begins with `=`, `+`,
/// `-`, `@`, `|`, `%`, a tab or a carriage return. It ignores spaces and quotes before these
/// characters. [`restore`] returns the text.
///
/// ```
/// use seaworthy_csv::{escape_formula, restore};
///
/// assert_eq!(escape_formula("=HYPERLINK(A1)"), "'=HYPERLINK(A1)");
/// assert_eq!(escape_formula("Berlin"), "Berlin");
/// assert_eq!(restore("'=HYPERLINK(A1)"), "=HYPERLINK(A1)");
/// ```
#[must_use]
pub fn escape_formula(text: &str) -> Cow<'_, str> {
    match is_dangerous(text) {
        true => Cow::Owned(format!("'{text}")),
        false => Cow::Borrowed(text),
    }
}

/// Reverts [`escape_formula`]. Returns any other text unchanged.
#[must_use]
pub fn restore(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if is_dangerous(rest) => rest,
        _ => text,
    }
}

/// A text that is harmless only because of its apostrophes counts too, so that [`restore`] is
/// exact.
fn is_dangerous(text: &str) -> bool {
    let text = text.trim_start_matches([' ', '"', '\'', '\n', '\u{a0}', '\u{feff}']);
    text.starts_with(['=', '+', '-', '@', '|', '%', '\t', '\r'])
        // Spreadsheets of some languages convert these forms.
        || text.starts_with(['＝', '＋', '－', '＠'])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn defuses_every_trigger_file_1() {
        for text in [
            "=1", "+1", "-1", "@a", "\t=1", "\r=1", "  =1", "\"=1", "|a", "%a", "＝1",
        ] {
            assert_eq!(escape_formula(text), format!("'{text}"));
        }
        for text in ["", "a=1", "1-2", "'a", "Berlin"] {
            assert_eq!(escape_formula(text), text);
        }
    }

    proptest! {
        #[test]
        fn restored_text_equals_the_original_file_1(text in r#"['" =+\-@\t\ra]{0,6}"#) {
            let harmless = escape_formula(&text).into_owned();
            prop_assert_eq!(restore(&harmless), text);
            prop_assert!(!harmless.starts_with(['=', '+', '-', '@', '\t', '\r']));
        }
    }
}
