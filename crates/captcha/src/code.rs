use rand::RngExt as _;

/// Number of characters of every answer.
const LENGTH: usize = 6;
/// Letters and digits that people do not confuse: without 0, o, 1, i and l.
const LETTERS: &[u8] = b"23456789abcdefghjkmnpqrstuvwxyz";
const DIGITS: &[u8] = b"0123456789";
/// The length of an ID, in bytes: 160 random bits, which are 32 characters of base 32.
const ID_BYTES: usize = 20;

/// Returns letters and digits for an image. The generator of the thread is ChaCha, seeded by the
/// operating system.
pub(crate) fn letters() -> String {
    of(LETTERS)
}

/// Returns digits for a message or a sound.
pub(crate) fn digits() -> String {
    of(DIGITS)
}

fn of(alphabet: &[u8]) -> String {
    let mut random = rand::rng();
    (0..LENGTH)
        .filter_map(|_| alphabet.get(random.random_range(0..alphabet.len())))
        .map(|byte| char::from(*byte))
        .collect()
}

/// Returns the ID of a captcha.
pub(crate) fn id() -> String {
    let bytes: [u8; ID_BYTES] = rand::rng().random();
    data_encoding::BASE32_NOPAD
        .encode(&bytes)
        .to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_ids_have_their_alphabet_and_length_auth_2() {
        for _ in 0..200 {
            let (letters, digits, id) = (letters(), digits(), id());
            assert_eq!((letters.len(), digits.len(), id.len()), (6, 6, 32));
            assert!(
                letters.bytes().all(|byte| LETTERS.contains(&byte)),
                "{letters}"
            );
            assert!(digits.bytes().all(|byte| byte.is_ascii_digit()), "{digits}");
        }
        assert_ne!(id(), id());
    }
}
