/// The location of a value. It is authenticated and not stored: a value can only be decrypted with
/// the context of its encryption.
///
/// The context must not change while the value is stored. Use the primary key of the row, never a
/// field that users edit.
///
/// ```
/// use seaworthy_crypto::Context;
///
/// let context = Context::new("users", "phone").row("0192d3a8");
/// # drop(context);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context(Vec<u8>);

impl Context {
    /// Creates the context of a column, or of any two names that identify a kind of value.
    #[must_use]
    pub fn new(table: &str, column: &str) -> Self {
        Self(Vec::new()).with(table).with(column)
    }

    /// Adds the row.
    #[must_use]
    pub fn row(self, key: &str) -> Self {
        self.with(key)
    }

    /// Adds a part after its length, so that `("ab", "c")` and `("a", "bc")` differ.
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
    fn different_contexts_have_different_bytes_sec_5() {
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
