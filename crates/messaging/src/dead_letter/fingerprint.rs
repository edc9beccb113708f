use sha2::{Digest as _, Sha256};

/// In hexadecimal digits.
const LENGTH: usize = 16;

/// Whether a text can be one. What others wrote is made anew: people type it, and it stands in reports.
pub(super) fn is_fingerprint(text: &str) -> bool {
    text.len() == LENGTH && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// What failures of the same cause share. Words with digits in them (identifiers, addresses, sizes) differ from message to message and are left out.
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
