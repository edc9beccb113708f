//! What is looked for.

/// Words of a query beyond which no more are looked at: people write fewer, and every one costs.
const MOST_WORDS: usize = 8;

/// The words that an event has to have, each of them the beginning of one of its own. At most eight; the others are not looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Words(Vec<String>);

impl Words {
    /// The words of ASCII letters and digits in a query; none where there are none.
    pub(crate) fn of_query(query: &str) -> Option<Self> {
        let words = query.split(|character: char| !character.is_ascii_alphanumeric());
        let words = words.filter(|word| !word.is_empty());
        let words: Vec<_> = words
            .take(MOST_WORDS)
            .map(str::to_ascii_lowercase)
            .collect();
        (!words.is_empty()).then_some(Self(words))
    }

    /// As a query of PostgreSQL's text search.
    pub(crate) fn tsquery(&self) -> String {
        let words: Vec<_> = self.0.iter().map(|word| format!("{word}:*")).collect();
        words.join(" & ")
    }

    /// As patterns for `LIKE` over [`words_of`] a text; what is not used matches everything.
    pub(crate) fn patterns(&self) -> [String; MOST_WORDS] {
        std::array::from_fn(|index| match self.0.get(index) {
            Some(word) => format!("% {word}%"),
            None => "%".to_owned(),
        })
    }

    /// As patterns that match nothing where there is no word: for ranks.
    pub(crate) fn rank_patterns(&self) -> [String; MOST_WORDS] {
        std::array::from_fn(|index| match self.0.get(index) {
            Some(word) => format!("% {word}%"),
            None => String::new(),
        })
    }
}

/// The words of a text, lower-cased, each after a space.
pub(crate) fn words_of(text: &str) -> String {
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
    fn a_query_is_its_words_of_ascii_letters_and_digits() {
        let words = Words::of_query("  Micro-services: %_ 2026!").unwrap();
        assert_eq!(words.tsquery(), "micro:* & services:* & 2026:*");
        assert_eq!(words.patterns().first().unwrap(), "% micro%");
        assert_eq!(words.patterns().last().unwrap(), "%");
        assert_eq!(Words::of_query("%% é"), None);
    }

    #[test]
    fn words_are_found_by_their_beginnings() {
        assert_eq!(
            words_of("Go: Micro-Services, ÉTÉ!"),
            " go micro services été"
        );
        assert_eq!(words_of("…"), "");
    }
}
