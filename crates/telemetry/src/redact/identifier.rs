use super::bytes::{end_of, is_word};

/// The lengths of the groups of identifiers in hexadecimal digits: of digests, a UUID, a `traceparent` of W3C Trace Context and a trace of AWS X-Ray.
const IDENTIFIERS: [&[usize]; 6] = [
    &[32],
    &[40],
    &[64],
    &[8, 4, 4, 4, 12],
    &[2, 32, 16, 2],
    &[1, 8, 24],
];
/// The length of the shortest of them, in bytes.
const SHORTEST_IDENTIFIER: usize = 32;
/// The length of the longest of them, in bytes.
const LONGEST_IDENTIFIER: usize = 64;

/// The end of an identifier in hexadecimal digits, whose digits are no card number; one without any letter may be.
pub(super) fn identifier(text: &[u8], at: usize) -> Option<usize> {
    let limit = text.len().min(at + LONGEST_IDENTIFIER + 1);
    let near = text.get(..limit)?;
    let end = end_of(near, at, |byte| byte.is_ascii_hexdigit() || byte == b'-');
    let word = text.get(at..end)?;
    if word.len() < SHORTEST_IDENTIFIER || text.get(end).is_some_and(|byte| is_word(*byte)) {
        return None;
    }
    let groups = || word.split(|byte| *byte == b'-').map(<[u8]>::len);
    let is_known = IDENTIFIERS
        .iter()
        .any(|lengths| groups().eq(lengths.iter().copied()));
    (is_known && word.iter().any(u8::is_ascii_alphabetic)).then_some(end)
}

/// What stands at each place of a UUID.
const UUID: [u8; 36] = *b"xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

/// Whether the text is a UUID and nothing else, of which [`identifier`] says the same at more length: actors are mostly named so, and each line of theirs names them.
/// Without an early end and in bytes, so that the compiler looks at many of them in one step.
pub(super) fn is_uuid(text: &[u8]) -> bool {
    let Ok(text) = <&[u8; UUID.len()]>::try_from(text) else {
        return false;
    };
    let (wrong, letters) = text.iter().zip(UUID).fold((0, 0), |found, (byte, place)| {
        let digit = u8::from(byte.is_ascii_digit());
        let letter = u8::from(matches!(byte | 0x20, b'a'..=b'f'));
        let right = u8::from((digit | letter) != 0 && place == b'x')
            | u8::from(*byte == b'-' && place == b'-');
        (found.0 | (right ^ 1), found.1 | letter)
    });
    wrong == 0 && letters != 0
}
