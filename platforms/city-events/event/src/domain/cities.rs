//! Cities, and what their names begin with.

/// Fewer characters say nothing.
const SHORTEST: usize = 2;
/// No city's name is longer; what is behind is not looked at.
const LONGEST: usize = 64;

/// The beginning of a city's name, lower-cased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CityPrefix(String);

impl CityPrefix {
    /// As a filter of the list takes it: ASCII letters, digits and spaces alone. None where nothing is left.
    pub(crate) fn of_filter(text: &str) -> Option<Self> {
        let kept = text
            .chars()
            .filter(|&c| c.is_ascii_alphanumeric() || c == ' ');
        let kept: String = kept.collect();
        let kept = kept.trim().to_ascii_lowercase();
        (!kept.is_empty()).then_some(Self(kept))
    }

    /// As suggestions take it. None where it is too short.
    pub(crate) fn of_suggestion(text: &str) -> Option<Self> {
        let text = text.trim();
        let end = text.floor_char_boundary(LONGEST);
        let text = text.get(..end).unwrap_or_default().to_lowercase();
        (text.chars().count() >= SHORTEST).then_some(Self(text))
    }

    /// As a pattern for `LIKE … ESCAPE '!'`.
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

    pub(crate) fn begins(&self, city: &str) -> bool {
        city.to_lowercase().starts_with(&self.0)
    }
}

/// Large cities that begin so, for platforms that do not know many yet.
pub(crate) fn large_cities(prefix: &CityPrefix) -> impl Iterator<Item = &'static str> {
    LARGE.iter().copied().filter(|city| prefix.begins(city))
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
    fn a_filter_keeps_letters_digits_and_spaces() {
        let pattern = |text| CityPrefix::of_filter(text).map(|prefix| prefix.pattern());
        assert_eq!(pattern(" New%_ York"), Some("new york%".to_owned()));
        assert_eq!(pattern("%_é"), None);
    }

    #[test]
    fn a_suggestion_needs_two_characters_and_its_wildcards_are_letters() {
        assert_eq!(CityPrefix::of_suggestion(" h "), None);
        let pattern = |text| CityPrefix::of_suggestion(text).map(|prefix| prefix.pattern());
        assert_eq!(pattern("50%"), Some("50!%%".to_owned()));
        let long = "é".repeat(40);
        assert_eq!(pattern(&long).unwrap().chars().count(), 33);
    }

    #[test]
    fn large_cities_fill_the_list() {
        let prefix = CityPrefix::of_suggestion("BER").unwrap();
        assert_eq!(large_cities(&prefix).collect::<Vec<_>>(), ["Berlin"]);
    }
}
