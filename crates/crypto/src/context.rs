/// Where a value belongs. It is authenticated and not stored: a value opens only at the place that it was encrypted for.
///
/// The place must not change while the value is stored: name a row by its primary key, never by something that a user may edit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context(Vec<u8>);

impl Context {
    /// A column of a table, or any two names that together tell one kind of value from all others.
    #[must_use]
    pub fn new(table: &str, column: &str) -> Self {
        Self(Vec::new()).with(table).with(column)
    }

    /// One row of it.
    #[must_use]
    pub fn row(self, key: &str) -> Self {
        self.with(key)
    }

    /// Adds a part with its length before it, so that `("ab", "c")` is not `("a", "bc")`.
    fn with(mut self, part: &str) -> Self {
        let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
        self.0.extend_from_slice(&length.to_be_bytes());
        self.0.extend_from_slice(part.as_bytes());
        self
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_places_have_the_same_bytes_sec_5() {
        let places = [
            Context::new("ab", "c"),
            Context::new("a", "bc"),
            Context::new("a", "b").row("c"),
            Context::new("", "abc"),
            Context::new("abc", ""),
            Context::new("ab", "c").row(""),
        ];
        for (index, place) in places.iter().enumerate() {
            assert_eq!(places.iter().position(|other| other == place), Some(index));
        }
    }
}
