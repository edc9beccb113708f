use std::{
    cell::RefCell,
    time::{SystemTime, UNIX_EPOCH},
};

use super::config::LogFormat;

/// The encoding of lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Json,
    Text { colors: bool },
}

impl Encoding {
    pub(crate) fn choose(format: LogFormat, production: bool, is_terminal: bool) -> Self {
        match (format, production) {
            (LogFormat::Json, _) | (LogFormat::Auto, true) => Self::Json,
            (LogFormat::Text, _) | (LogFormat::Auto, false) => Self::Text {
                colors: is_terminal,
            },
        }
    }
}

/// Appends a text as the content of a JSON string. Escapes quotes, backslashes and all control
/// characters, so that a text cannot end its line, control a terminal or reverse the reading order.
pub(super) fn escape(output: &mut Vec<u8>, text: &str) {
    let mut rest = text.as_bytes();
    loop {
        let plain = plain_length(rest);
        let (before, after) = rest.split_at_checked(plain).unwrap_or((rest, &[]));
        output.extend_from_slice(before);
        let Some((byte, after)) = after.split_first() else {
            return;
        };
        if byte.is_ascii() {
            push_escaped(output, *byte);
            rest = after;
        } else {
            rest = push_non_ascii(output, *byte, after);
        }
    }
}

/// Returns the number of bytes at the start that need no escape. Checks eight bytes at a time,
/// because most texts need none.
fn plain_length(text: &[u8]) -> usize {
    let mut plain = 0;
    let (chunks, rest) = text.as_chunks::<8>();
    for chunk in chunks {
        if may_need_escape(u64::from_le_bytes(*chunk)) {
            break;
        }
        plain += 8;
    }
    let is_last = plain == text.len() - rest.len();
    if is_last && !may_need_escape(padded(rest)) {
        return text.len();
    }
    let rest = text.get(plain..).unwrap_or(rest);
    let special = rest.iter().position(|byte| needs_escape(*byte));
    plain + special.unwrap_or(rest.len())
}

/// Pads fewer than eight bytes with spaces.
fn padded(rest: &[u8]) -> u64 {
    rest.iter()
        .fold(u64::from_le_bytes([b' '; 8]), |bytes, byte| {
            (bytes << 8) | u64::from(*byte)
        })
}

const fn needs_escape(byte: u8) -> bool {
    matches!(byte, b'"' | b'\\' | 0..=0x1f | 0x7f | C1_LEAD | FORMAT_LEAD)
}

/// The first byte of U+0080 to U+00BF. The first half are the control characters of ISO/IEC 6429.
const C1_LEAD: u8 = 0xc2;
/// The first byte of U+2000 to U+2FFF, among them line separators and controls of the direction.
const FORMAT_LEAD: u8 = 0xe2;

/// Appends the character that begins with `lead`, escaped if it is a control character. Returns the
/// rest of the text.
#[cold]
fn push_non_ascii<'a>(output: &mut Vec<u8>, lead: u8, after: &'a [u8]) -> &'a [u8] {
    let (code, rest) = match (lead, after) {
        (C1_LEAD, [byte @ 0x80..=0x9f, rest @ ..]) => (u16::from(*byte), rest),
        // Line and paragraph separators, and the embeddings and overrides of UAX #9.
        (FORMAT_LEAD, [0x80, byte @ 0xa8..=0xae, rest @ ..]) => {
            (0x2000 + u16::from(*byte - 0x80), rest)
        }
        // The isolates of UAX #9.
        (FORMAT_LEAD, [0x81, byte @ 0xa6..=0xa9, rest @ ..]) => {
            (0x2040 + u16::from(*byte - 0x80), rest)
        }
        _ => {
            output.push(lead);
            return after;
        }
    };
    let [high, low] = code.to_be_bytes();
    output.extend_from_slice(b"\\u");
    output.extend_from_slice(&[digit(high >> 4), digit(high), digit(low >> 4), digit(low)]);
    rest
}

fn digit(value: u8) -> u8 {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    DIGITS
        .get(usize::from(value & 0xf))
        .copied()
        .unwrap_or(b'0')
}

/// Whether one of eight bytes may need an escape. Has no false negatives. The tests for a zero byte
/// and for a small byte are from S. E. Anderson, "Bit Twiddling Hacks".
const fn may_need_escape(bytes: u64) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x80 * ONES;
    const fn has_zero(bytes: u64) -> u64 {
        bytes.wrapping_sub(ONES) & !bytes & HIGH
    }
    let small = bytes.wrapping_sub(0x20 * ONES) & !bytes & HIGH;
    let quote = has_zero(bytes ^ (ONES * b'"' as u64));
    let backslash = has_zero(bytes ^ (ONES * b'\\' as u64));
    let delete = has_zero(bytes ^ (ONES * 0x7f));
    let non_ascii = bytes & HIGH;
    (small | quote | backslash | delete | non_ascii) != 0
}

fn push_escaped(output: &mut Vec<u8>, byte: u8) {
    match byte {
        b'"' => output.extend_from_slice(b"\\\""),
        b'\\' => output.extend_from_slice(b"\\\\"),
        b'\n' => output.extend_from_slice(b"\\n"),
        b'\r' => output.extend_from_slice(b"\\r"),
        b'\t' => output.extend_from_slice(b"\\t"),
        byte => {
            output.extend_from_slice(b"\\u00");
            output.extend_from_slice(&[digit(byte >> 4), digit(byte)]);
        }
    }
}

/// Appends a number in decimal.
pub(super) fn push_unsigned(output: &mut Vec<u8>, mut number: u64) {
    let mut digits = [b'0'; 20];
    let mut length = 0;
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + u8::try_from(number % 10).unwrap_or_default();
        number /= 10;
        length += 1;
        if number == 0 {
            break;
        }
    }
    output.extend_from_slice(digits.get(digits.len() - length..).unwrap_or_default());
}

/// Appends a finite number in the shortest form that parses to the same value.
pub(super) fn push_float(output: &mut Vec<u8>, number: f64) {
    output.extend_from_slice(zmij::Buffer::new().format_finite(number).as_bytes());
}

/// Appends the current time in UTC with microseconds (RFC 3339).
pub(super) fn push_now(output: &mut Vec<u8>) {
    thread_local! {
        /// The last second and its text. A busy service writes thousands of lines per second.
        static SECOND: RefCell<(u64, Vec<u8>)> = const { RefCell::new((u64::MAX, Vec::new())) };
    }
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    SECOND.with_borrow_mut(|(known, text)| {
        if *known != now.as_secs() {
            *known = now.as_secs();
            text.clear();
            push_second(text, now.as_secs());
        }
        output.extend_from_slice(text);
    });
    output.push(b'.');
    push_padded(output, u64::from(now.subsec_micros()), 6);
    output.push(b'Z');
}

fn push_padded(output: &mut Vec<u8>, number: u64, digits: u32) {
    output.extend(
        (0..digits)
            .rev()
            .map(|digit| b'0' + u8::try_from(number / 10_u64.pow(digit) % 10).unwrap_or_default()),
    );
}

/// Appends `2026-11-21T04:58:00`. The algorithm is `civil_from_days` by H. Hinnant.
fn push_second(output: &mut Vec<u8>, seconds: u64) {
    let days = seconds / 86_400 + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    push_padded(output, year, 4);
    for (sign, number) in [
        (b'-', month),
        (b'-', day),
        (b'T', seconds / 3_600 % 24),
        (b':', seconds / 60 % 60),
        (b':', seconds % 60),
    ] {
        output.push(sign);
        push_padded(output, number, 2);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text_of(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut output = Vec::new();
        write(&mut output);
        String::from_utf8(output).unwrap()
    }

    #[test]
    fn writes_times_as_rfc_3339_obs_1() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00"),
            (951_782_399, "2000-02-28T23:59:59"),
            (951_782_400, "2000-02-29T00:00:00"),
            (1_795_237_080, "2026-11-21T04:58:00"),
            (4_107_542_400, "2100-03-01T00:00:00"),
        ] {
            assert_eq!(text_of(|output| push_second(output, seconds)), text);
        }
    }

    #[test]
    fn escapes_control_and_direction_characters_obs_1() {
        let controls = [
            '\u{80}', '\u{9b}', '\u{9f}', '\u{2028}', '\u{2029}', '\u{202a}', '\u{202e}',
            '\u{2066}', '\u{2069}',
        ];
        for control in controls {
            let text = format!("ordinary text é {control}31m after");
            let escaped = format!("ordinary text é \\u{:04x}31m after", u32::from(control));
            assert_eq!(text_of(|output| escape(output, &text)), escaped);
        }
        for plain in [
            "\u{a0}é€日本",
            "\u{2027}\u{202f}\u{2065}\u{206a}\u{c0}",
            "\u{1f600}",
        ] {
            assert_eq!(text_of(|output| escape(output, plain)), plain);
        }
    }

    proptest! {
        #[test]
        fn escaped_text_is_one_line_of_json_obs_1(text in any::<String>()) {
            let json = text_of(|output| {
                output.push(b'"');
                escape(output, &text);
                output.push(b'"');
            });
            prop_assert_eq!(json.find(['\n', '\r', '\u{1b}']), None);
            prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        }

        #[test]
        fn writes_numbers_like_the_standard_library_obs_1(number: u64) {
            prop_assert_eq!(text_of(|output| push_unsigned(output, number)), number.to_string());
        }
    }
}
