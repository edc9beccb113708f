use proptest::prelude::*;

use super::range::pattern;

#[test]
fn writes_pattern_of_range_api_4() {
    assert_eq!(pattern(1, 100), "^([1-9][0-9]{0,1}|100)$");
    assert_eq!(pattern(0, 0), "^(0)$");
    assert_eq!(pattern(-1, 10), "^(-1|[0-9]|10)$");
}

proptest! {
    #[test]
    fn pattern_matches_numbers_of_range_api_4(
        low in -2_000_i128..2_000,
        size in 0_i128..3_000,
        probe in -6_000_i128..6_000,
    ) {
        let regex = regex::Regex::new(&pattern(low, low + size)).unwrap();
        prop_assert_eq!(regex.is_match(&probe.to_string()), (low..=low + size).contains(&probe));
    }

    #[test]
    fn pattern_of_64_bits_matches_only_64_bits_api_4(value: u64, beyond in 0_u64..1_000) {
        let regex = regex::Regex::new(&pattern(0, i128::from(u64::MAX))).unwrap();
        prop_assert!(regex.is_match(&value.to_string()));
        let beyond = (i128::from(u64::MAX) + 1 + i128::from(beyond)).to_string();
        prop_assert!(!regex.is_match(&beyond));
        let long = format!("{}{}", u64::MAX, value);
        prop_assert!(!regex.is_match(&long));
    }
}
