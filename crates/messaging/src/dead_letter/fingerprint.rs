use sha2::{Digest as _, Sha256};

use crate::GroupName;

/// What failures of the same cause share. Words with digits in them (identifiers, addresses, sizes) differ from message to message and are left out.
pub(crate) fn fingerprint(
    group: &GroupName,
    event_type: &str,
    class: &str,
    message: &str,
) -> String {
    let is_word = |character: char| character.is_alphanumeric() || character == '-';
    let words = message
        .split(|character| !is_word(character))
        .filter(|word| !word.is_empty() && !word.contains(|digit: char| digit.is_ascii_digit()));
    let mut hash = Sha256::new();
    for part in [group.as_str(), event_type, class].into_iter().chain(words) {
        hash.update(part);
        hash.update(b"\0");
    }
    let digest = hash.finalize();
    digest
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
