/// Maximum length of a `{string}` column, in characters.
const MAX_STRING: usize = 255;

/// Truncates a text to the 255 characters of a `{string}` column.
///
/// ```
/// use seaworthy_data::truncated;
///
/// assert_eq!(truncated("short"), "short");
/// assert_eq!(truncated(&"é".repeat(300)), "é".repeat(255));
/// ```
#[must_use]
pub fn truncated(text: &str) -> String {
    text.chars().take(MAX_STRING).collect()
}
