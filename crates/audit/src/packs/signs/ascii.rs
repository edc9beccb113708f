//! Patterns whose classes contain the letters of ASCII only.

use regex::Regex;

/// Compiles a pattern in which `\w`, `\d` and `\b` mean ASCII, as code does. The classes of Unicode
/// take most of the time to compile hundreds of patterns. The flag `(?-u)` is not possible, because
/// the crate rejects it for classes such as `[^"]`.
pub(super) fn ascii(pattern: &str) -> Option<Regex> {
    Regex::new(&narrowed(pattern)).ok()
}

fn narrowed(pattern: &str) -> String {
    let mut narrow = String::with_capacity(pattern.len() * 2);
    let mut letters = pattern.chars().peekable();
    let mut depth = 0_usize;
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => match (letters.next(), depth > 0) {
                (Some('w'), true) => narrow.push_str("0-9A-Za-z_"),
                (Some('w'), false) => narrow.push_str("[0-9A-Za-z_]"),
                (Some('d'), true) => narrow.push_str("0-9"),
                (Some('d'), false) => narrow.push_str("[0-9]"),
                (Some('b'), false) => narrow.push_str(r"(?-u:\b)"),
                (Some(next), _) => narrow.extend(['\\', next]),
                (None, _) => narrow.push('\\'),
            },
            '[' => {
                depth += 1;
                narrow.push('[');
                narrow.extend(letters.next_if_eq(&'^'));
                // A bracket that comes first is a member of the class.
                narrow.extend(letters.next_if_eq(&']'));
            }
            ']' => {
                depth = depth.saturating_sub(1);
                narrow.push(']');
            }
            _ => narrow.push(letter),
        }
    }
    narrow
}

#[cfg(test)]
mod tests {
    use super::{ascii, narrowed};

    #[test]
    fn classes_are_narrowed_and_all_else_stays() {
        assert_eq!(
            narrowed(r"\b\w+\.[\w.-]\d[^\d\]]\\w[]\w]"),
            r"(?-u:\b)[0-9A-Za-z_]+\.[0-9A-Za-z_.-][0-9][^0-9\]]\\w[]0-9A-Za-z_]"
        );
    }

    #[test]
    fn text_of_other_scripts_is_read() {
        let pattern = ascii(r#"name\s*=\s*"(?P<what>[^"]*)""#).unwrap();
        let found = pattern.captures("name = \"Łódź\"").unwrap();
        assert_eq!(&found["what"], "Łódź");
        assert!(ascii(r"(").is_none());
    }
}
