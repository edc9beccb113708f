//! Percentages: fair, independent and monotonic.

use std::collections::BTreeMap;

use seaworthy_flags::{Bucketing, Compiler, Context, Flag, Flags, Strictness, Toggle};
use serde_json::json;

const KEYS: u32 = 200_000;

fn split(flags: &Flags, key: &str, percent: u32) -> Toggle<bool> {
    let document = json!({"flags": {key: {
        "state": "ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": "off",
        "targeting": {"fractional": [["on", percent], ["off", 100 - percent]]},
    }}});
    let set = Compiler::new(Bucketing::V3)
        .compile(document, Strictness::Strict)
        .unwrap();
    flags.replace(set).unwrap();
    flags.declare(Flag::boolean(key, false)).unwrap()
}

fn users() -> impl Iterator<Item = Context> {
    (0..KEYS).map(|number| Context::new().targeting_key(format!("user-{number}")))
}

#[test]
fn share_of_variant_is_within_four_sigma_flag_1() {
    for percent in [1, 10, 50] {
        let flags = Flags::new(Context::new());
        let toggle = split(&flags, "checkout.new", percent);
        let on = users().filter(|user| toggle.get_with(user)).count() as f64;
        let share = f64::from(percent) / 100.0;
        let expected = f64::from(KEYS) * share;
        let sigma = (expected * (1.0 - share)).sqrt();
        assert!(
            (on - expected).abs() < 4.0 * sigma,
            "{percent} %: {on}, expected {expected}"
        );
    }
}

#[test]
fn splits_of_two_flags_are_independent_flag_1() {
    let (one, two) = (Flags::new(Context::new()), Flags::new(Context::new()));
    let (one, two) = (split(&one, "one", 50), split(&two, "two", 50));
    let mut cells = BTreeMap::<_, u32>::new();
    for user in users() {
        *cells
            .entry((one.get_with(&user), two.get_with(&user)))
            .or_default() += 1;
    }
    let expected = f64::from(KEYS) / 4.0;
    let chi: f64 = cells
        .values()
        .map(|&n| (f64::from(n) - expected).powi(2) / expected)
        .sum();
    // Three degrees of freedom, p = 0.001.
    assert!(chi < 16.27, "{chi}: {cells:?}");
}

#[test]
fn raised_percentage_only_adds_users_flag_1() {
    let (low, high) = (Flags::new(Context::new()), Flags::new(Context::new()));
    let (low, high) = (split(&low, "beta", 10), split(&high, "beta", 25));
    let removed = users()
        .filter(|user| low.get_with(user) && !high.get_with(user))
        .count();
    assert_eq!(removed, 0);
}
