/// A run of characters of a token this long may be one.
const TOKEN_RUN: u32 = 16;
/// The shortest number with separators that may be a card or a telephone number.
const DIGIT_RUN: u32 = 8;

const OTHER: u8 = 0;
const WORD: u8 = 1;
const DIGIT: u8 = 2;
const SEPARATOR: u8 = 3;
const SIGN: u8 = 4;

/// The class of each byte: one look-up per byte is all that a clean text costs.
const CLASSES: [u8; 256] = classes();

#[expect(
    clippy::indexing_slicing,
    reason = "evaluated by the compiler, over the array's own length"
)]
const fn classes() -> [u8; 256] {
    let mut classes = [OTHER; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = match byte as u8 {
            b'0'..=b'9' => DIGIT,
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => WORD,
            b' ' | b'-' | b'.' | b'(' | b')' | b'/' | b'+' => SEPARATOR,
            b'@' | b'=' | b':' => SIGN,
            _ => OTHER,
        };
        byte += 1;
    }
    classes
}

/// Words behind which a blank and then a secret may follow: `Bearer`, `Basic`, `-----BEGIN`.
const HERALDS: [&[u8]; 3] = [b"bearer", b"basic", b"-begin"];

/// Whether no shape can be in the text. Never wrong in saying yes; often wrong in saying no.
pub(super) fn is_clean(text: &[u8]) -> bool {
    let (mut digits, mut run) = (0_u32, 0_u32);
    for (position, byte) in text.iter().enumerate() {
        match CLASSES.get(usize::from(*byte)).copied().unwrap_or(OTHER) {
            WORD => {
                digits = 0;
                run += 1;
            }
            DIGIT => {
                digits += 1;
                run += 1;
            }
            SEPARATOR if matches!(byte, b'-' | b'+') => run += 1,
            SEPARATOR => {
                run = 0;
                if *byte == b' ' && is_herald(text.get(..position).unwrap_or_default()) {
                    return false;
                }
            }
            SIGN => return false,
            _ => (digits, run) = (0, 0),
        }
        if digits >= DIGIT_RUN || run >= TOKEN_RUN {
            return false;
        }
    }
    true
}

fn is_herald(before: &[u8]) -> bool {
    let ends_with = |herald: &&[u8]| {
        let start = before.len().checked_sub(herald.len());
        start
            .and_then(|start| before.get(start..))
            .is_some_and(|end| end.eq_ignore_ascii_case(herald))
    };
    HERALDS.iter().any(ends_with)
}
