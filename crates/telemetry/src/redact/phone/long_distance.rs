use std::ops::RangeInclusive;

use super::{
    super::bytes::{end_of, start_of},
    goes_on,
};

/// Digits of a number behind the `0` of a long distance call, which is one of them: from Belgium's to China's.
const LONG_DISTANCE: RangeInclusive<usize> = 9..=12;
/// Digits behind `00`, which is two of them: fewer are as often a number with zeros in front.
const ABROAD: RangeInclusive<usize> = 12..=17;
/// A group of fewer digits is no part of a telephone number but of a fraction or a list.
const SHORTEST_GROUP: usize = 2;
/// The first group of a number whose second one stands behind a slash; of a date it is shorter.
const SHORTEST_AREA: usize = 3;
/// Groups divided by points: of fewer the last is a fraction.
const FEWEST_POINTED: usize = 3;
/// A counter of zeros is no part of a telephone number.
const LONGEST_ZEROS: usize = 4;
/// Groups of two digits between a year and the rest of its date and time.
const MOST_PARTS_OF_DATE: usize = 6;

/// Behind a number such as `06 12 34 56 78`, `020-7946-0958` or `0612345678`, and behind those that follow it.
pub(super) fn long_distance(text: &[u8], at: usize) -> Option<usize> {
    let (mut end, separator) = one_long_distance(text, at)?;
    if separator.is_some_and(|separator| is_rest_of_list(text, at, separator)) {
        return None;
    }
    while text.get(end) == Some(&b' ')
        && let Some((next, _)) = one_long_distance(text, end + 1)
    {
        end = next;
    }
    Some(end)
}

/// Whether what begins here is the rest of a longer list: of a date with its year in front, or of more groups than a telephone number has.
fn is_rest_of_list(text: &[u8], at: usize, separator: u8) -> bool {
    let mut begin = at;
    for _ in 0..MOST_PARTS_OF_DATE {
        let Some(end) = begin
            .checked_sub(1)
            .filter(|end| text.get(*end) == Some(&separator))
        else {
            return false;
        };
        begin = start_of(text, 0, end, |byte| byte.is_ascii_digit());
        let group = text.get(begin..end).unwrap_or_default();
        // People divide by blanks what has nothing to do with each other, too.
        if is_year(group) || separator != b' ' && group.len() >= SHORTEST_GROUP {
            return true;
        }
        if group.len() != SHORTEST_GROUP {
            return false;
        }
    }
    false
}

/// A zero that no other number begins with; between its groups one separator, but for the first, which may be another.
fn one_long_distance(text: &[u8], at: usize) -> Option<(usize, Option<u8>)> {
    let allowed = match text.get(at..at + 3)? {
        [b'0', b'1'..=b'9', _] => LONG_DISTANCE,
        [b'0', b'0', b'1'..=b'9'] => ABROAD,
        _ => return None,
    };
    let mut groups = Groups::new(text, at);
    let mut found = None;
    while let Some(group) = groups.next() {
        // What a date begins with: a month or a day and a month, and then the year.
        if (2..=3).contains(&groups.count) && groups.is_short && is_year(group) {
            return None;
        }
        let begins_next = groups.count > 1 && group.starts_with(b"0") && found.is_some();
        if begins_next || groups.digits > *allowed.end() {
            break;
        }
        let is_pointed = groups.separator == Some(b'.');
        let is_divided = !is_pointed || groups.count >= FEWEST_POINTED;
        if allowed.contains(&groups.digits) && is_divided && !goes_on(text, groups.end) {
            found = Some(groups.end);
        }
    }
    Some((found?, groups.separator))
}

/// Digits in groups.
struct Groups<'a> {
    text: &'a [u8],
    /// Behind the last group.
    end: usize,
    count: usize,
    digits: usize,
    /// Whether each group but the last has two digits.
    is_short: bool,
    /// Whether the first group begins with `00`.
    is_abroad: bool,
    last: usize,
    separator: Option<u8>,
}

impl<'a> Groups<'a> {
    const fn new(text: &'a [u8], at: usize) -> Self {
        Self {
            text,
            end: at,
            count: 0,
            digits: 0,
            is_short: true,
            is_abroad: false,
            last: 0,
            separator: None,
        }
    }

    fn next(&mut self) -> Option<&'a [u8]> {
        let (mut begin, mut separator) = (self.end, self.separator);
        if self.count > 0 {
            let next = *self.text.get(self.end)?;
            let is_known = match self.count {
                1 if next == b'/' => self.digits >= SHORTEST_AREA,
                1 | 2 => b" .-+".contains(&next),
                _ => separator == Some(next),
            };
            if !is_known {
                return None;
            }
            separator = Some(next);
            begin += 1;
        }
        let end = end_of(self.text, begin, |byte| byte.is_ascii_digit());
        let group = self.text.get(begin..end)?;
        let is_zeros = group.len() > LONGEST_ZEROS && group.iter().all(|byte| *byte == b'0');
        // Behind a country stands an area of one digit: `0033 6`.
        let is_area = self.count == 1 && self.is_abroad && group.len() == 1;
        if is_zeros || group.len() < SHORTEST_GROUP && !is_area {
            return None;
        }
        self.is_abroad |= self.count == 0 && group.starts_with(b"00");
        self.is_short &= self.count == 0 || self.last == SHORTEST_GROUP;
        self.last = group.len();
        self.digits += group.len();
        self.count += 1;
        self.separator = separator;
        self.end = end;
        Some(group)
    }
}

fn is_year(group: &[u8]) -> bool {
    matches!(group, [b'1', b'9', _, _] | [b'2', b'0', _, _])
}
