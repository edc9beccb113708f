//! Addresses as they are written in English and in French: the number, and then the street.

use super::{
    house,
    words::{behind_blanks, behind_separator, is_among, is_capital, name, word},
};

/// Words that end the name of a street, and are in few other texts behind a number and a name.
const STREETS: [&str; 8] = [
    "street",
    "avenue",
    "road",
    "boulevard",
    "highway",
    "parkway",
    "crescent",
    "lane",
];
/// Words and abbreviations that do so where they begin with a capital.
const CAPITAL_STREETS: [&str; 24] = [
    "drive", "court", "square", "place", "terrace", "way", "gardens", "grove", "mews", "alley",
    "st", "ave", "av", "rd", "blvd", "ln", "dr", "ct", "sq", "pl", "ter", "hwy", "pkwy", "cres",
];
/// What may stand behind the street: the part of the town.
const DIRECTIONS: [&str; 8] = ["N", "S", "E", "W", "NE", "NW", "SE", "SW"];
/// Words of the longest name of a street with the last.
const MOST_WORDS: usize = 5;

/// Words that begin the name of a street in French, and begin nothing else.
const FRENCH: [&str; 9] = [
    "rue",
    "boulevard",
    "bd",
    "chemin",
    "allée",
    "allee",
    "quai",
    "impasse",
    "faubourg",
];
/// Those that are words of English too: a name must follow.
const FRENCH_AND_ENGLISH: [&str; 3] = ["avenue", "place", "passage"];
/// What makes two houses of one number.
const SECOND_HOUSES: [&str; 3] = ["bis", "ter", "quater"];

/// The end of the street whose number begins at a place.
pub(super) fn end(text: &[u8], at: usize) -> Option<usize> {
    let behind = house::end(text, at)?;
    french(text, behind).or_else(|| english(text, behind_blanks(text, behind)?))
}

fn french(text: &[u8], number: usize) -> Option<usize> {
    let mut behind = number;
    if let Some(next) = behind_blanks(text, number)
        && is_among(word(text, next), &SECOND_HOUSES)
    {
        behind = next + word(text, next).len();
    }
    let kind_at = behind_separator(text, behind)?;
    let kind = word(text, kind_at);
    let is_french = is_among(kind, &FRENCH);
    if !is_french && !is_among(kind, &FRENCH_AND_ENGLISH) {
        return None;
    }
    name(text, behind_blanks(text, kind_at + kind.len())?, is_french)
}

fn english(text: &[u8], at: usize) -> Option<usize> {
    let (mut end, mut position) = (None, at);
    for index in 0..MOST_WORDS {
        let ordinal = ordinal(text, position);
        let word = word(text, position);
        let behind = ordinal.unwrap_or(position + word.len());
        let next = text.get(behind);
        let goes_on = next.is_some_and(|next| next.is_ascii_alphanumeric() || *next == b'_');
        if goes_on {
            break;
        }
        if index > 0 && is_street(word) {
            end = Some(behind);
        } else if ordinal.is_none() && !is_capital(word) {
            break;
        }
        let point = usize::from(next == Some(&b'.') && word.len() <= 4);
        match behind_blanks(text, behind + point) {
            Some(next) => position = next,
            None => break,
        }
    }
    let end = end?;
    let direction = behind_blanks(text, end).map(|at| (at, word(text, at)));
    Some(match direction {
        Some((at, word)) if DIRECTIONS.iter().any(|known| known.as_bytes() == word) => {
            at + word.len()
        }
        _ => end,
    })
}

fn is_street(word: &[u8]) -> bool {
    is_among(word, &STREETS) || is_capital(word) && is_among(word, &CAPITAL_STREETS)
}

/// Behind a number that is a word of a name, as in `42nd Street`.
fn ordinal(text: &[u8], at: usize) -> Option<usize> {
    let end = super::words::digits(text, at, 3)?;
    let ending = word(text, end);
    is_among(ending, &["st", "nd", "rd", "th"]).then(|| end + ending.len())
}
