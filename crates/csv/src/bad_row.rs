use std::borrow::Cow;

use serde::Serialize;

/// Minimum length of a value whose mask shows characters. Other masks show only the length.
const MIN_SHOWN_LENGTH: usize = 6;

/// A row that cannot be imported, and the reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct BadRow {
    /// The line on which the row begins, from 1.
    pub line: u64,
    /// The column, if the problem is in one.
    pub column: Option<String>,
    /// The value of the column, masked: reports may contain personal data.
    pub value: Option<String>,
    /// The reason and how to correct it.
    pub message: String,
}

/// A problem that your checks find in a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowProblem {
    pub(crate) column: Option<&'static str>,
    pub(crate) message: Cow<'static, str>,
}

impl RowProblem {
    /// A problem of one column. The message must not contain the value.
    pub fn for_column(column: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            column: Some(column),
            message: message.into(),
        }
    }

    /// A problem of the whole row.
    pub fn new(message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            column: None,
            message: message.into(),
        }
    }
}

/// Masks a value: the first and the last character of a long one, and its length.
pub(crate) fn mask(value: &str) -> String {
    let length = value.chars().count();
    let mut characters = value.chars();
    match (characters.next(), characters.next_back()) {
        (None, _) => "(empty)".to_owned(),
        (Some(first), Some(last)) if length >= MIN_SHOWN_LENGTH => {
            let is_shown = |character: char| match character.is_control() {
                true => '·',
                false => character,
            };
            format!(
                "{}…{} ({length} characters)",
                is_shown(first),
                is_shown(last)
            )
        }
        _ if length == 1 => "… (1 character)".to_owned(),
        _ => format!("… ({length} characters)"),
    }
}

/// Masks the value inside a message of a parser.
pub(crate) fn mask_in(message: &str, value: &str) -> String {
    match value.is_empty() {
        true => message.to_owned(),
        false => message.replace(value, "…"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masked_value_shows_two_characters_at_most_file_1() {
        assert_eq!(mask(""), "(empty)");
        assert_eq!(mask("x"), "… (1 character)");
        assert_eq!(mask("12345"), "… (5 characters)");
        assert_eq!(mask("mira@example.org"), "m…g (16 characters)");
        assert_eq!(mask("\téééé\n"), "·…· (6 characters)");
    }
}
