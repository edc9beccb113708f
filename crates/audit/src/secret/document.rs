//! The document of a YAML file.

/// Returns the start of the YAML document around a place, which is an object of a manifest. A text
/// without lines `---` is one document.
#[must_use]
pub(crate) fn document_start(text: &str, at: usize) -> usize {
    let before = text.get(..at).unwrap_or_default();
    before
        .rmatch_indices("\n---")
        .map(|(line, mark)| line + mark.len())
        // `-----BEGIN` starts a key.
        .find(|end| !text.get(*end..).is_some_and(|rest| rest.starts_with('-')))
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::document_start;

    #[test]
    fn documents_are_separated_by_three_dashes() {
        let text = "a: 1\n---\nb: |\n-----BEGIN\nc: 2\n";
        let at = |part: &str| document_start(text, text.find(part).unwrap());
        assert_eq!(at("a"), 0);
        assert_eq!(at("b"), at("c"));
        assert!(at("c") > 0);
    }
}
