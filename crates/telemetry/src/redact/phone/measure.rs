use super::super::bytes::{is_word, start_of};

/// Signs between a name and its number, as in `": `.
const LONGEST_GAP: usize = 3;
/// What is counted in these is no telephone number.
const UNITS: [&[u8]; 7] = [
    b" bytes",
    b" B",
    b" ns",
    b" us",
    b" ms",
    b" rows",
    b" nanoseconds",
];
/// What is named so is none either.
const MEASURES: [&[u8]; 9] = [
    b"_ns", b"_us", b"_ms", b"bytes", b"size", b"length", b"offset", b"memory", b"limit",
];
/// Sizes in whole pages and times in whole milliseconds are more often written than a telephone number that happens to be one.
const ROUND: [u64; 2] = [4096, 1_000_000];

/// Whether a number is a size or a time: by its unit, by its name, or because it is round.
pub(super) fn is_measured(text: &[u8], at: usize, end: usize) -> bool {
    let before = text.get(..at).unwrap_or_default();
    let named = start_of(text, at.saturating_sub(LONGEST_GAP), at, |byte| {
        b"\"=: ".contains(&byte)
    });
    let name = before.get(..named).unwrap_or_default();
    let has_name = MEASURES.iter().any(|measure| {
        let end = name.len().checked_sub(measure.len());
        let end = end.and_then(|end| name.get(end..));
        end.is_some_and(|end| end.eq_ignore_ascii_case(measure))
    });
    let digits = text
        .get(at..end)
        .and_then(|digits| str::from_utf8(digits).ok());
    let number = digits.and_then(|digits| digits.parse::<u64>().ok());
    let is_round =
        number.is_some_and(|number| ROUND.iter().any(|round| number.is_multiple_of(*round)));
    has_unit(text, end) || has_name || is_round
}

/// Whether a unit follows the number that ends here.
pub(super) fn has_unit(text: &[u8], end: usize) -> bool {
    let rest = text.get(end..).unwrap_or_default();
    UNITS.iter().any(|unit| {
        let behind = rest.strip_prefix(*unit);
        behind.is_some_and(|behind| !behind.first().is_some_and(|byte| is_word(*byte)))
    })
}
