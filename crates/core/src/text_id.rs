use rand::RngExt as _;

/// The characters of IDs, which are safe in URLs, file names and case-insensitive columns.
const BASE_36: [char; 36] = [
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i',
    'j', 'k', 'l', 'm', 'n', 'o', 'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z',
];
/// The number of characters of an ID: 124 random bits. A random UUID has 122.
const NANO_LENGTH: usize = 24;

/// Returns a random ID of 24 characters in base 36. It is not a secret.
#[must_use]
pub fn nano_id() -> String {
    let mut random = rand::rng();
    let pick = |_| BASE_36.get(random.random_range(0..BASE_36.len()));
    (0..NANO_LENGTH).filter_map(pick).collect()
}

/// Returns a [`nano_id`] after a prefix, which shows the kind of the object.
///
/// ```
/// let id = seaworthy_core::prefixed_id("order");
/// assert!(id.starts_with("order_") && id.len() == 30);
/// ```
#[must_use]
pub fn prefixed_id(prefix: &str) -> String {
    format!("{prefix}_{}", nano_id())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_ids_have_their_length_and_alphabet_core_1() {
        let nano = nano_id();
        assert_eq!(nano.len(), 24);
        assert!(
            nano.chars().all(|letter| BASE_36.contains(&letter)),
            "{nano}"
        );
        assert_ne!(nano, nano_id());
    }
}
