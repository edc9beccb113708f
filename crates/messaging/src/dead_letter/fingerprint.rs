use sha2::{Digest as _, Sha256};

/// The length of a fingerprint, in hexadecimal digits.
const LENGTH: usize = 16;

/// Whether the text is a fingerprint. Those of other publishers are computed again if they are not.
pub(super) fn is_fingerprint(text: &str) -> bool {
    text.len() == LENGTH && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Computes the fingerprint of a failure. Words with digits, such as IDs, addresses and sizes,
/// differ between messages and are left out.
pub(super) fn fingerprint(group: &str, event_type: &str, class: &str, message: &str) -> String {
    let is_word = |character: char| character.is_alphanumeric() || character == '-';
    let words = message
        .split(|character| !is_word(character))
        .filter(|word| !word.is_empty() && !word.contains(|digit: char| digit.is_ascii_digit()));
    let mut hash = Sha256::new();
    for part in [group, event_type, class].into_iter().chain(words) {
        hash.update(part);
        hash.update(b"\0");
    }
    let digest = hash.finalize();
    digest
        .iter()
        .take(LENGTH / 2)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
