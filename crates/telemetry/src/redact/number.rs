use super::{
    bytes::{end_of, starts_with_ignoring_case},
    ip::dotted,
};

/// Digits of the shortest and the longest card number.
const SHORTEST_CARD: usize = 13;
const LONGEST_CARD: usize = 19;
/// Cards are written in at most this many groups: four of four digits and a rest.
const MOST_CARD_GROUPS: usize = 5;
/// Bytes between two groups of a card: more blanks do not stand there.
const LONGEST_GAP: usize = 24;
/// Digits before the point of a number whose fraction is no card.
const LONGEST_WHOLE_PART: usize = 2;

/// One digit and where it stands.
#[derive(Clone, Copy)]
struct Digit {
    value: u8,
    at: usize,
    /// Whether it stands behind the point of a number such as `0.5`.
    is_fraction: bool,
}

/// Digits without a separator between them.
#[derive(Clone, Copy, Default)]
struct Group {
    length: usize,
    is_behind_point: bool,
    is_fraction: bool,
}

impl Group {
    /// The group behind a separator: a fraction when that is the first point behind a few digits. Behind three, a card may follow its check number.
    fn next(self, separator: &u8) -> Self {
        let is_behind_point = *separator == b'.';
        let is_whole_part = (1..=LONGEST_WHOLE_PART).contains(&self.length);
        Self {
            length: 0,
            is_behind_point,
            is_fraction: is_behind_point && is_whole_part && !self.is_behind_point,
        }
    }
}

/// A run of digits with the separators of card numbers between them, which begins at a digit.
pub(super) struct Run {
    digits: Vec<Digit>,
    /// Behind the last digit.
    pub(super) end: usize,
}

impl Run {
    pub(super) fn read(text: &[u8], at: usize) -> Self {
        let mut digits = Vec::new();
        let mut position = at;
        let mut group = Group::default();
        let mut address_end = None;
        while let Some(byte) = text.get(position) {
            if byte.is_ascii_digit() {
                // An address among numbers is no part of a card.
                let begins_group = group.length == 0 && !group.is_behind_point;
                if begins_group && let Some((_, behind)) = dotted(text, position) {
                    address_end = (position == at).then_some(behind);
                    break;
                }
                digits.push(Digit {
                    value: byte - b'0',
                    at: position,
                    is_fraction: group.is_fraction,
                });
                group.length += 1;
                position += 1;
            } else {
                let behind = digits.last().map_or(at, |digit| digit.at + 1);
                match separator(text, position) {
                    0 => break,
                    // `%20` has digits itself, from each of which a run of them would be read to its end.
                    _ if position - behind >= LONGEST_GAP => break,
                    length => {
                        group = group.next(byte);
                        position += length;
                    }
                }
            }
        }
        let end = digits.last().map(|digit| digit.at + 1);
        let end = end.or(address_end).unwrap_or(at);
        Self { digits, end }
    }

    /// Where the first card number begins, and where what stands behind it ends: its date and its check number are masked with it.
    pub(super) fn card(&self, text: &[u8]) -> Option<(usize, usize)> {
        let start = (0..self.digits.len()).find(|start| self.begins_card(*start))?;
        let start = self.digits.get(start)?.at;
        let mut end = self.end;
        while text.get(end) == Some(&b'/') {
            let behind = end_of(text, end + 1, |byte| byte.is_ascii_digit());
            if behind == end + 1 {
                break;
            }
            end = behind;
        }
        Some((start, end))
    }

    fn begins_card(&self, start: usize) -> bool {
        let may_begin = |digit: &Digit| start == 0 || matches!(digit.value, 2..=6);
        self.digits.get(start).is_some_and(may_begin)
            && (SHORTEST_CARD..=LONGEST_CARD).any(|length| {
                self.digits
                    .get(start..start + length)
                    .is_some_and(|window| is_luhn(window) && self.is_plausible(start, window))
            })
    }

    /// Whether a window of the run is more than one of the many windows that satisfy Luhn by chance: it is the whole run, it is made of whole groups and begins
    /// as payment cards do, or it has both the beginning and the length of a well-known issuer.
    fn is_plausible(&self, start: usize, window: &[Digit]) -> bool {
        let end = start + window.len();
        if is_fraction(window) {
            return false;
        }
        if start == 0 && end == self.digits.len() {
            return may_be_card(window);
        }
        let begins_group = start == 0 || self.is_gap(start);
        let ends_group = end == self.digits.len() || self.is_gap(end);
        let whole_groups = begins_group && ends_group && gaps(window).count() < MOST_CARD_GROUPS;
        is_of_known_issuer(window) || whole_groups && begins_as_cards_do(window)
    }

    /// Whether something stands between the digit at `index` and the one before.
    fn is_gap(&self, index: usize) -> bool {
        self.digits
            .get(index - 1..=index)
            .is_some_and(|pair| gaps(pair).next().is_some())
    }
}

/// The length of the separator at `position`, 0 where none is.
fn separator(text: &[u8], position: usize) -> usize {
    let rest = text.get(position..).unwrap_or_default();
    match rest {
        [b' ' | b'-' | b'.' | b'+' | b'\t', ..] => 1,
        [b'%', ..] if starts_with_ignoring_case(rest, b"%20") => 3,
        [b'%', ..] if starts_with_ignoring_case(rest, b"%2d") => 3,
        // A blank that does not break a line, U+00A0.
        [0xc2, 0xa0, ..] => 2,
        _ => 0,
    }
}

/// The lengths of what stands between digits that do not touch.
fn gaps(window: &[Digit]) -> impl Iterator<Item = usize> {
    window.array_windows().filter_map(|[before, behind]| {
        let gap = behind.at - before.at - 1;
        (gap > 0).then_some(gap)
    })
}

/// Whether the digits may be those of one number with a fraction, such as `0.3333333333333333`: nothing but a fraction, or one gap of one
/// byte, behind three digits or fewer.
fn is_fraction(window: &[Digit]) -> bool {
    if window.iter().all(|digit| digit.is_fraction) {
        return true;
    }
    let mut gaps = gaps(window);
    let first = gaps.next();
    let mut groups = window.array_windows();
    let whole = groups.position(|[before, behind]| behind.at - before.at > 1);
    first == Some(1) && gaps.next().is_none() && whole.is_some_and(|digits| digits < 3)
}

/// The number that the first `count` digits write.
fn leading(window: &[Digit], count: usize) -> u32 {
    let digits = window.iter().take(count);
    digits.fold(0, |number, digit| number * 10 + u32::from(digit.value))
}

/// Whether a number on its own that satisfies Luhn may be a card of any issuer. Times since 1970, dates and numbers with zeros in front are not: an issuer that
/// begins with 1 has 15 digits, and one that begins with 2 has a few beginnings only.
fn may_be_card(window: &[Digit]) -> bool {
    match leading(window, 1) {
        0 => false,
        1 => window.len() == 15,
        2 => begins_as_cards_do(window) || matches!(leading(window, 4), 2_200..=2_204),
        _ => true,
    }
}

/// The first digits of ISO/IEC 7812-1 that payment cards have: 3 to 6, and since 2017 a part of 2.
fn begins_as_cards_do(window: &[Digit]) -> bool {
    matches!(leading(window, 1), 3..=6) || matches!(leading(window, 4), 2_221..=2_720)
}

fn is_of_known_issuer(window: &[Digit]) -> bool {
    let first_four = leading(window, 4);
    match window.len() {
        14 => matches!(first_four, 3_000..=3_059 | 3_600..=3_699 | 3_800..=3_999),
        15 => matches!(first_four, 3_400..=3_499 | 3_700..=3_799),
        16 => matches!(
            first_four,
            2_221..=2_720 | 3_528..=3_589 | 4_000..=4_999 | 5_100..=5_599 | 6_011 | 6_200..=6_299 | 6_440..=6_599
        ),
        13 | 19 => first_four / 1_000 == 4,
        _ => false,
    }
}

/// The check of ISO/IEC 7812-1, annex B.
fn is_luhn(window: &[Digit]) -> bool {
    let sum: u32 = window
        .iter()
        .rev()
        .enumerate()
        .map(|(position, digit)| {
            let digit = u32::from(digit.value);
            if position % 2 == 0 {
                digit
            } else {
                digit * 2 / 10 + digit * 2 % 10
            }
        })
        .sum();
    sum.is_multiple_of(10) && window.iter().any(|digit| digit.value != 0)
}
