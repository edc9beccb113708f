//! Addresses as they are written in most languages of the continent: the street, and then its number.

use super::words::{before_blanks, is_among, is_capital, is_particle, word_before};

/// Ends of words that are names of streets in German and in Dutch.
const ENDINGS: [&str; 9] = [
    "straße", "strasse", "str", "weg", "platz", "gasse", "allee", "straat", "laan",
];
/// Letters before such an end: fewer are not a name.
const SHORTEST_NAME: usize = 3;
/// Words that begin the name of a street in Spanish, Italian and Portuguese.
const BEGINNINGS: [&str; 10] = [
    "calle", "avenida", "avda", "piazza", "viale", "corso", "rua", "plaza", "paseo", "travessa",
];
/// The one that is a word of English too, and counts with a capital alone.
const CAPITAL_BEGINNING: &[u8] = b"Via";
/// What stands before `Box`, as it is written.
const POST_OFFICES: [&str; 5] = ["post office", "p. o.", "p.o.", "p o", "po"];
/// Words of the longest name between such a word and its number.
const MOST_WORDS: usize = 6;

/// The start of the street whose number begins at a place.
pub(super) fn street(text: &[u8], number: usize) -> Option<usize> {
    let mut behind = before_blanks(text, number);
    let is_apart = behind < number;
    if is_apart && matches!(text.get(..behind)?, [.., b',']) {
        behind -= 1;
    }
    let has_point = matches!(text.get(..behind)?, [.., b'.']);
    behind -= usize::from(has_point);
    if !is_apart && !has_point {
        return None;
    }
    let last = word_before(text, behind);
    if !is_capital(last) {
        return None;
    }
    let start = behind - last.len();
    by_ending(text, start, last, has_point).or_else(|| {
        let may_be_name = is_apart && !has_point;
        may_be_name.then(|| by_beginning(text, start)).flatten()
    })
}

/// The start of the box of a post office whose number begins at a place: `P.O. Box`, `PO Box`, `Postfach`.
pub(super) fn post_office_box(text: &[u8], number: usize) -> Option<usize> {
    let behind = before_blanks(text, number);
    let last = word_before(text, behind);
    let start = behind - last.len();
    if behind == number || !is_among(last, &["box", "postfach", "postbus"]) {
        return None;
    }
    if !last.eq_ignore_ascii_case(b"box") {
        return Some(start);
    }
    let before = before_blanks(text, start);
    let near = text.get(..before)?;
    POST_OFFICES.into_iter().find_map(|post| {
        let begin = before.checked_sub(post.len())?;
        let is_post = near.get(begin..)?.eq_ignore_ascii_case(post.as_bytes());
        let letter_before = near.get(..begin)?.last();
        let goes_on = letter_before.is_some_and(u8::is_ascii_alphanumeric);
        (is_post && !goes_on).then_some(begin)
    })
}

/// `Musterstraße`, and `Lange Straße`.
fn by_ending(text: &[u8], start: usize, last: &[u8], has_point: bool) -> Option<usize> {
    let ending = ENDINGS.iter().find(|ending| {
        let begin = last.len().checked_sub(ending.len());
        begin
            .and_then(|begin| last.get(begin..))
            .is_some_and(|end| end.eq_ignore_ascii_case(ending.as_bytes()))
    })?;
    // The abbreviation has its point, and nothing else has one.
    if (*ending == "str") != has_point {
        return None;
    }
    if last.len() >= ending.len() + SHORTEST_NAME {
        return Some(start);
    }
    let is_whole = last.len() == ending.len();
    let before = before_blanks(text, start);
    let name = word_before(text, before);
    (is_whole && before < start && is_capital(name)).then(|| before - name.len())
}

/// `Calle Mayor`, `Via Roma`: the name is read back to the word that begins it.
fn by_beginning(text: &[u8], name: usize) -> Option<usize> {
    let mut start = name;
    for _ in 0..MOST_WORDS {
        let before = before_blanks(text, start);
        let before_point = match text.get(..before)? {
            [.., b'.'] => before - 1,
            _ => before,
        };
        let word = word_before(text, before_point);
        if before == start || word.is_empty() {
            return None;
        }
        start = before_point - word.len();
        if is_among(word, &BEGINNINGS) || word == CAPITAL_BEGINNING {
            return Some(start);
        }
        if !is_capital(word) && !is_particle(word) {
            return None;
        }
    }
    None
}
