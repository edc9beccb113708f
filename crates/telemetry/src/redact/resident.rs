use super::bytes::is_word;

const LENGTH: usize = 18;
/// What each digit before the last counts (GB 11643-1999).
const WEIGHTS: [u32; LENGTH - 1] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
/// The last one, by the rest of the sum by eleven.
const CHECKS: &[u8; 11] = b"10X98765432";

/// Behind the number of a Chinese resident identity card: place, day of birth, order and a check, 18 characters.
pub(super) fn resident(text: &[u8], at: usize) -> Option<usize> {
    let end = at + LENGTH;
    let (digits, last) = text.get(at..end)?.split_at_checked(LENGTH - 1)?;
    if !digits.iter().all(u8::is_ascii_digit) || text.get(end).is_some_and(|byte| is_word(*byte)) {
        return None;
    }
    let two = |from: usize| {
        let pair = digits.get(from..from + 2)?;
        str::from_utf8(pair).ok()?.parse::<u8>().ok()
    };
    let is_day =
        matches!(two(6)?, 18..=20) && matches!(two(10)?, 1..=12) && matches!(two(12)?, 1..=31);
    let sum: u32 = digits
        .iter()
        .zip(WEIGHTS)
        .map(|(digit, weight)| u32::from(digit - b'0') * weight)
        .sum();
    let check = CHECKS.get(usize::try_from(sum % 11).ok()?)?;
    (is_day && last.first()?.eq_ignore_ascii_case(check)).then_some(end)
}

#[cfg(test)]
mod tests {
    use super::super::redact;

    #[test]
    fn the_number_of_a_resident_is_masked_by_its_check_obs_3() {
        for (text, masked) in [
            ("id 11010519491231002X given", "id *** given"),
            ("id=440524188001010014", "id=***"),
        ] {
            assert_eq!(redact(text), masked);
        }
        for text in ["id 110105194912310021 given", "id 11010519491331002X given"] {
            assert_eq!(redact(text), text);
        }
    }
}
