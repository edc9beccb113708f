//! Prefixes of city names.

/// Minimum length of a prefix for suggestions, in characters.
const MIN_LENGTH: usize = 2;
/// Maximum length of a prefix for suggestions, in bytes. The rest is ignored.
const MAX_LENGTH: usize = 64;

/// The first characters of a city name, in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CityPrefix(String);

impl CityPrefix {
    /// Returns the prefix of a list filter, which keeps only ASCII letters, digits and spaces, or
    /// `None` if no character is left.
    pub(crate) fn from_filter(text: &str) -> Option<Self> {
        let kept = text
            .chars()
            .filter(|&c| c.is_ascii_alphanumeric() || c == ' ');
        let kept: String = kept.collect();
        let kept = kept.trim().to_ascii_lowercase();
        (!kept.is_empty()).then_some(Self(kept))
    }

    /// Returns the prefix of a suggestion query, or `None` if it is too short.
    pub(crate) fn from_suggestion(text: &str) -> Option<Self> {
        let text = text.trim();
        let end = text.floor_char_boundary(MAX_LENGTH);
        let text = text.get(..end).unwrap_or_default().to_lowercase();
        (text.chars().count() >= MIN_LENGTH).then_some(Self(text))
    }

    /// Returns a pattern for `LIKE … ESCAPE '!'`.
    pub(crate) fn pattern(&self) -> String {
        let mut pattern = String::with_capacity(self.0.len() + 1);
        for character in self.0.chars() {
            if matches!(character, '%' | '_' | '!') {
                pattern.push('!');
            }
            pattern.push(character);
        }
        pattern.push('%');
        pattern
    }

    pub(crate) fn matches(&self, city: &str) -> bool {
        city.to_lowercase().starts_with(&self.0)
    }
}

/// Returns the built-in large cities with this prefix, for platforms with few events.
pub(crate) fn large_cities(prefix: &CityPrefix) -> impl Iterator<Item = &'static str> {
    LARGE.iter().copied().filter(|city| prefix.matches(city))
}

const LARGE: &[&str] = &[
    "Adelaide",
    "Amsterdam",
    "Antwerp",
    "Athens",
    "Atlanta",
    "Auckland",
    "Austin",
    "Bangkok",
    "Barcelona",
    "Beijing",
    "Belgrade",
    "Berlin",
    "Bogota",
    "Boston",
    "Brisbane",
    "Brussels",
    "Bucharest",
    "Budapest",
    "Buenos Aires",
    "Cairo",
    "Calgary",
    "Cape Town",
    "Chicago",
    "Cologne",
    "Copenhagen",
    "Dallas",
    "Delhi",
    "Denver",
    "Dubai",
    "Dublin",
    "Dusseldorf",
    "Edinburgh",
    "Frankfurt",
    "Gdansk",
    "Geneva",
    "Glasgow",
    "Hamburg",
    "Hanoi",
    "Helsinki",
    "Hong Kong",
    "Houston",
    "Istanbul",
    "Jakarta",
    "Johannesburg",
    "Kuala Lumpur",
    "Kyiv",
    "Lagos",
    "Lima",
    "Lisbon",
    "London",
    "Los Angeles",
    "Lyon",
    "Madrid",
    "Manchester",
    "Manila",
    "Marseille",
    "Melbourne",
    "Mexico City",
    "Miami",
    "Milan",
    "Montreal",
    "Mumbai",
    "Munich",
    "Nairobi",
    "New York",
    "Osaka",
    "Oslo",
    "Paris",
    "Perth",
    "Philadelphia",
    "Porto",
    "Prague",
    "Riga",
    "Rome",
    "Rotterdam",
    "San Diego",
    "San Francisco",
    "Santiago",
    "Sao Paulo",
    "Seattle",
    "Seoul",
    "Shanghai",
    "Singapore",
    "Sofia",
    "Stockholm",
    "Sydney",
    "Taipei",
    "Tallinn",
    "Tokyo",
    "Toronto",
    "Valencia",
    "Vancouver",
    "Vienna",
    "Vilnius",
    "Warsaw",
    "Zurich",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filter_keeps_ascii_letters_digits_and_spaces() {
        let pattern = |text| CityPrefix::from_filter(text).map(|prefix| prefix.pattern());
        assert_eq!(pattern(" New%_ York"), Some("new york%".to_owned()));
        assert_eq!(pattern("%_é"), None);
    }

    #[test]
    fn suggestion_needs_two_characters_and_escapes_wildcards() {
        assert_eq!(CityPrefix::from_suggestion(" h "), None);
        let pattern = |text| CityPrefix::from_suggestion(text).map(|prefix| prefix.pattern());
        assert_eq!(pattern("50%"), Some("50!%%".to_owned()));
        let long = "é".repeat(40);
        assert_eq!(pattern(&long).unwrap().chars().count(), 33);
    }

    #[test]
    fn large_cities_match_prefix_without_case() {
        let prefix = CityPrefix::from_suggestion("BER").unwrap();
        assert_eq!(large_cities(&prefix).collect::<Vec<_>>(), ["Berlin"]);
    }
}
