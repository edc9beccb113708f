use rand::RngExt as _;

/// Digits and lower-case letters, which are safe in URLs, file names and case-insensitive columns.
const BASE_36: [char; 36] = [
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i',
    'j', 'k', 'l', 'm', 'n', 'o', 'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z',
];
/// 124 bits, as many as a random UUID has.
const NANO_LENGTH: usize = 24;
const SHORT_LENGTH: usize = 8;
const HEXADECIMAL: usize = 16;

/// Returns a random ID of 24 characters in base 36. It is not a secret.
#[must_use]
pub fn nano_id() -> String {
    random(NANO_LENGTH, BASE_36.len())
}

/// Returns a random ID of 8 hexadecimal characters, for people. Check it for duplicates: 10,000 of
/// them contain one with a probability of 1%.
#[must_use]
pub fn short_id() -> String {
    random(SHORT_LENGTH, HEXADECIMAL)
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

fn random(length: usize, letters: usize) -> String {
    let mut random = rand::rng();
    let letters = BASE_36.get(..letters).unwrap_or(&BASE_36);
    let pick = |_| letters.get(random.random_range(0..letters.len()));
    (0..length).filter_map(pick).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_ids_have_their_length_and_alphabet_core_1() {
        let (nano, short) = (nano_id(), short_id());
        assert_eq!((nano.len(), short.len()), (24, 8));
        assert!(
            nano.chars().all(|letter| BASE_36.contains(&letter)),
            "{nano}"
        );
        assert!(
            short.chars().all(|letter| letter.is_ascii_hexdigit()),
            "{short}"
        );
        assert_ne!(nano, nano_id());
    }
}
