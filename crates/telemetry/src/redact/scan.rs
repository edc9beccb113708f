use super::{bytes::is_word, postal::postal};

/// A run of characters of a token this long may be one: the shortest prefix of a credential and the shortest text behind it.
const TOKEN_RUN: u32 = 15;
/// The shortest number with separators that may be a card or a telephone number.
const DIGIT_RUN: u32 = 8;
/// Points with nothing but digits between them in an address of version 4; one of version 6 has a sign.
const POINTS_OF_ADDRESS: u32 = 3;

const OTHER: u8 = 0;
const WORD: u8 = 1;
const DIGIT: u8 = 2;
/// May stand inside a token.
const JOINER: u8 = 3;
/// May stand between the digits of a number, as the classes behind it may.
const SEPARATOR: u8 = 4;
const POINT: u8 = 5;
const BLANK: u8 = 6;
const SIGN: u8 = 7;

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
            b'-' | b'+' => JOINER,
            b'(' | b')' | b'/' | 0x80.. => SEPARATOR,
            b'.' => POINT,
            b' ' | b'\t' | b'\n' | b'\r' | 0x0c => BLANK,
            b'@' | b'=' | b':' | b'%' => SIGN,
            _ => OTHER,
        };
        byte += 1;
    }
    classes
}

/// Words behind which a blank and then a secret may follow: `Bearer`, `Basic`, `-----BEGIN`.
const HERALDS: [&[u8]; 3] = [b"bearer", b"basic", b"-begin"];
/// Words behind which a point and then a secret in short parts may follow.
const POINTED_HERALDS: [&[u8]; 2] = [b"ya29", b"hvs"];

/// Whether no shape can be in the text. Never wrong in saying yes; often wrong in saying no.
pub(super) fn is_clean(text: &[u8]) -> bool {
    let (mut digits, mut run, mut points) = (0_u32, 0_u32, 0_u32);
    for (position, byte) in text.iter().enumerate() {
        match CLASSES.get(usize::from(*byte)).copied().unwrap_or(OTHER) {
            WORD => {
                (digits, points) = (0, 0);
                run += 1;
            }
            DIGIT => {
                if points >= POINTS_OF_ADDRESS || begins_address(text, position) {
                    return false;
                }
                digits += 1;
                run += 1;
            }
            JOINER => {
                points = 0;
                run += 1;
            }
            SEPARATOR => (run, points) = (0, 0),
            POINT => {
                run = 0;
                points += 1;
                if is_behind(text, position, &POINTED_HERALDS) {
                    return false;
                }
            }
            BLANK => {
                (run, points) = (0, 0);
                if is_behind(text, position, &HERALDS) {
                    return false;
                }
            }
            SIGN => return false,
            _ => (digits, run, points) = (0, 0, 0),
        }
        if digits >= DIGIT_RUN || run >= TOKEN_RUN {
            return false;
        }
    }
    true
}

/// Whether a postal address has its number here. Few numbers have letters beside them that let it be looked for.
fn begins_address(text: &[u8], position: usize) -> bool {
    let before = text.get(..position).and_then(<[u8]>::last);
    !before.is_some_and(|byte| is_word(*byte)) && postal(text, position).is_some()
}

/// Whether the text before `position` ends with one of the words.
fn is_behind(text: &[u8], position: usize, words: &[&[u8]]) -> bool {
    let before = text.get(..position).unwrap_or_default();
    let last = before.last().map(u8::to_ascii_lowercase);
    words.iter().any(|word| {
        if word.last().copied() != last {
            return false;
        }
        let start = before.len().checked_sub(word.len());
        start
            .and_then(|start| before.get(start..))
            .is_some_and(|end| end.eq_ignore_ascii_case(word))
    })
}
