//! Search terms.

/// Maximum number of terms that are used, because each one costs time.
const MAX_TERMS: usize = 8;

/// Up to eight prefixes. An event matches if each of them is the prefix of one of its words.
/// Further terms are ignored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SearchTerms(Vec<String>);

impl SearchTerms {
    /// Returns the words of ASCII letters and digits in a query, or `None` if there are none.
    pub(crate) fn from_query(query: &str) -> Option<Self> {
        let words = query.split(|character: char| !character.is_ascii_alphanumeric());
        let words = words.filter(|word| !word.is_empty());
        let words: Vec<_> = words.take(MAX_TERMS).map(str::to_ascii_lowercase).collect();
        (!words.is_empty()).then_some(Self(words))
    }

    /// Returns a query for the text search of PostgreSQL.
    pub(crate) fn tsquery(&self) -> String {
        let words: Vec<_> = self.0.iter().map(|word| format!("{word}:*")).collect();
        words.join(" & ")
    }

    /// Returns patterns for `LIKE` on the result of [`normalize_words`]. Unused ones match all
    /// texts.
    pub(crate) fn patterns(&self) -> [String; MAX_TERMS] {
        std::array::from_fn(|index| match self.0.get(index) {
            Some(word) => format!("% {word}%"),
            None => "%".to_owned(),
        })
    }

    /// Returns the same patterns for ranks. Unused ones match nothing.
    pub(crate) fn rank_patterns(&self) -> [String; MAX_TERMS] {
        std::array::from_fn(|index| match self.0.get(index) {
            Some(word) => format!("% {word}%"),
            None => String::new(),
        })
    }
}

/// Returns the words of a text in lower case, each after a space.
pub(crate) fn normalize_words(text: &str) -> String {
    let mut words = String::with_capacity(text.len() + 1);
    for word in text.split(|character: char| !character.is_alphanumeric()) {
        if !word.is_empty() {
            words.push(' ');
            words.extend(word.chars().flat_map(char::to_lowercase));
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn query_is_split_into_ascii_words() {
        let words = SearchTerms::from_query("  Micro-services: %_ 2026!").unwrap();
        assert_eq!(words.tsquery(), "micro:* & services:* & 2026:*");
        assert_eq!(words.patterns().first().unwrap(), "% micro%");
        assert_eq!(words.patterns().last().unwrap(), "%");
        assert_eq!(SearchTerms::from_query("%% é"), None);
    }

    #[test]
    fn text_is_normalized_to_words_in_lower_case() {
        assert_eq!(
            normalize_words("Go: Micro-Services, ÉTÉ!"),
            " go micro services été"
        );
        assert_eq!(normalize_words("…"), "");
    }
}
