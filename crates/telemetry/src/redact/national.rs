use super::{
    bytes::{end_of, is_word},
    resident::resident,
};

/// Letters and digits of the shortest and the longest IBAN (ISO 13616: Norway, and the bound of the standard).
const SHORTEST_IBAN: usize = 15;
const LONGEST_IBAN: usize = 34;
/// Letters, digits and a blank for each four of them.
const LONGEST_WRITTEN: usize = LONGEST_IBAN + LONGEST_IBAN / 4 + 1;

/// A number by which a state or a bank knows a person, at a place where a word begins. Only numbers that can be told from others by their form or by a checksum are found:
/// a social security number of the United States as it is written, a French number of the INSEE, a Chinese one of a resident, and an IBAN.
pub(super) fn national(text: &[u8], at: usize) -> Option<(usize, usize)> {
    let end = match text.get(at)? {
        b'1' | b'2' | b'7' | b'8' => insee(text, at)
            .or_else(|| social_security(text, at))
            .or_else(|| resident(text, at)),
        b'0'..=b'9' => social_security(text, at).or_else(|| resident(text, at)),
        b'A'..=b'Z' => iban(text, at),
        _ => None,
    };
    end.map(|end| (at, end))
}

/// `123-45-6789`: three, two and four digits, none of the groups zero, the first no 666 and below 900 (Social Security Administration, since 2011).
fn social_security(text: &[u8], at: usize) -> Option<usize> {
    const LENGTH: usize = 11;
    let end = at + LENGTH;
    let shape = text.get(at..end)?;
    let is_written = shape.iter().enumerate().all(|(index, byte)| match index {
        3 | 6 => *byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    if !is_written || continues(text, end) {
        return None;
    }
    let group = |start: usize, end: usize| {
        let digits = shape.get(start..end)?;
        str::from_utf8(digits).ok()?.parse::<u16>().ok()
    };
    let (area, number, serial) = (group(0, 3)?, group(4, 6)?, group(7, 11)?);
    let is_issued = area != 0 && area != 666 && area < 900 && number != 0 && serial != 0;
    is_issued.then_some(end)
}

/// Sex, year, month, place, order and key, 15 digits with or without blanks: the key is 97 less the rest of the first 13 by 97 (INSEE). Corsica's letters stand for 19 and 18.
fn insee(text: &[u8], at: usize) -> Option<usize> {
    const DIGITS: usize = 15;
    let mut number = 0_u64;
    let mut key = 0_u64;
    let (mut count, mut position) = (0, at);
    while count < DIGITS {
        let byte = *text.get(position)?;
        let digit = match byte {
            b'0'..=b'9' => u64::from(byte - b'0'),
            b' ' if count > 0 => {
                position += 1;
                continue;
            }
            // `2A` and `2B` stand where the department has its second digit.
            b'A' if count == 6 => 9,
            b'B' if count == 6 => 8,
            _ => return None,
        };
        // `2A` is 19 and `2B` is 18: the digit before is one less.
        if matches!(byte, b'A' | b'B') {
            number -= 1;
        }
        if count < 13 {
            number = number * 10 + digit;
        } else {
            key = key * 10 + digit;
        }
        count += 1;
        position += 1;
    }
    (!continues(text, position) && 97 - number % 97 == key).then_some(position)
}

/// Two letters, two digits and up to thirty letters and digits, with or without a blank behind each four, whose rest by 97 is 1 when the first four stand last
/// (ISO 7064).
fn iban(text: &[u8], at: usize) -> Option<usize> {
    let head = text.get(at..at + 4)?;
    let [first, second, third, fourth] = head else {
        return None;
    };
    let is_head = first.is_ascii_uppercase()
        && second.is_ascii_uppercase()
        && third.is_ascii_digit()
        && fourth.is_ascii_digit();
    if !is_head {
        return None;
    }
    let near = text.get(..text.len().min(at + LONGEST_WRITTEN))?;
    let is_blank = near.get(at + 4) == Some(&b' ');
    let end = end_of(near, at, |byte| {
        byte.is_ascii_uppercase() || byte.is_ascii_digit() || (is_blank && byte == b' ')
    });
    // A sentence may go on behind the last group in capitals: the longest part that satisfies the checksum is the number.
    (at + SHORTEST_IBAN..=end).rev().find(|end| {
        let ends_group = !continues(text, *end) && near.get(end - 1) != Some(&b' ');
        ends_group && near.get(at..*end).is_some_and(is_iban)
    })
}

fn is_iban(written: &[u8]) -> bool {
    let letters = || written.iter().filter(|byte| **byte != b' ');
    let count = letters().count();
    if !(SHORTEST_IBAN..=LONGEST_IBAN).contains(&count) {
        return false;
    }
    let rest = letters().skip(4).chain(letters().take(4));
    let rest = rest.fold(0_u32, |rest, byte| match byte {
        b'0'..=b'9' => (rest * 10 + u32::from(byte - b'0')) % 97,
        _ => (rest * 100 + u32::from(byte - b'A') + 10) % 97,
    });
    rest == 1
}

/// Whether the word goes on at a place.
fn continues(text: &[u8], at: usize) -> bool {
    text.get(at).is_some_and(|byte| is_word(*byte))
}
