//! Regular expressions for decimal integers in a range. JSON Schema bounds only numbers, and JSON
//! output has 64-bit integers as text.

/// Returns the pattern of all integers from `low` to `high`, without leading zeros.
pub(super) fn pattern(low: i128, high: i128) -> String {
    let mut parts = Vec::new();
    if low < 0 {
        let nearest = high.min(-1);
        for part in natural(nearest.unsigned_abs(), low.unsigned_abs()) {
            parts.push(format!("-{part}"));
        }
    }
    if high >= 0 {
        let low = u128::try_from(low).unwrap_or_default();
        parts.extend(natural(low, high.unsigned_abs()));
    }
    format!("^({})$", parts.join("|"))
}

/// Returns the patterns of ranges whose numbers have the same length.
fn natural(low: u128, high: u128) -> Vec<String> {
    let mut parts = Vec::new();
    let mut low = low;
    while low <= high {
        let digits = low.to_string().len();
        if let Some((part, next)) = whole_lengths(low, high) {
            parts.push(part);
            low = next;
            continue;
        }
        let longest = 10_u128
            .checked_pow(u32::try_from(digits).unwrap_or(u32::MAX))
            .map_or(u128::MAX, |power| power - 1);
        let end = longest.min(high);
        same_length(&low.to_string(), &end.to_string(), "", &mut parts);
        match end.checked_add(1) {
            Some(next) => low = next,
            None => break,
        }
    }
    parts
}

/// Returns the pattern of all numbers of some lengths, from a power of ten, and the rest.
fn whole_lengths(low: u128, high: u128) -> Option<(String, u128)> {
    let min = u32::try_from(low.to_string().len() - 1).ok()?;
    if low == 0 || low != 10_u128.checked_pow(min)? {
        return None;
    }
    let max = (min..38)
        .take_while(|max| 10_u128.pow(max + 1) - 1 <= high)
        .last()?;
    let part = match (min, max) {
        (0, 0) => "[1-9]".to_owned(),
        (min, max) if min == max => format!("[1-9][0-9]{{{min}}}"),
        (min, max) => format!("[1-9][0-9]{{{min},{max}}}"),
    };
    Some((part, 10_u128.pow(max + 1)))
}

fn same_length(low: &str, high: &str, prefix: &str, parts: &mut Vec<String>) {
    let (Some(first_low), Some(first_high)) = (low.chars().next(), high.chars().next()) else {
        parts.push(prefix.to_owned());
        return;
    };
    let (rest_low, rest_high) = (tail(low), tail(high));
    let count = rest_low.len();
    let all_from = rest_low.chars().all(|digit| digit == '0');
    let all_to = rest_high.chars().all(|digit| digit == '9');
    if first_low == first_high && !(all_from && all_to) {
        same_length(rest_low, rest_high, &format!("{prefix}{first_low}"), parts);
        return;
    }
    let (mut from, mut to) = (first_low, first_high);
    if !all_from {
        same_length(
            rest_low,
            &"9".repeat(count),
            &format!("{prefix}{from}"),
            parts,
        );
        from = step(from, 1);
    }
    let upper = (!all_to).then_some(to);
    if upper.is_some() {
        to = step(to, -1);
    }
    if from <= to {
        let class = if from == to {
            from.to_string()
        } else {
            format!("[{from}-{to}]")
        };
        let rest = match count {
            0 => String::new(),
            1 => "[0-9]".to_owned(),
            _ => format!("[0-9]{{{count}}}"),
        };
        parts.push(format!("{prefix}{class}{rest}"));
    }
    if let Some(upper) = upper {
        same_length(
            &"0".repeat(count),
            rest_high,
            &format!("{prefix}{upper}"),
            parts,
        );
    }
}

fn tail(text: &str) -> &str {
    text.get(1..).unwrap_or_default()
}

fn step(digit: char, by: i32) -> char {
    let value = i32::try_from(digit.to_digit(10).unwrap_or_default()).unwrap_or_default() + by;
    u32::try_from(value)
        .ok()
        .and_then(|value| char::from_digit(value, 10))
        // A digit below 0 or above 9 makes the range empty.
        .unwrap_or(if by > 0 { ':' } else { '/' })
}
