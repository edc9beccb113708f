use super::{Field, MAX_VIOLATIONS_BYTES, Naming, Violations};

static LABELS: Field = Field {
    proto: "labels",
    json: "labels",
};

#[test]
fn cuts_long_keys_off_in_paths_api_3() {
    let mut violations = Violations::new(Naming::Json);
    let key = "\u{7f}".repeat(1 << 20);
    violations.within(&LABELS, |violations| {
        violations.within_key(&key, |violations| violations.add("must be a string"));
        violations.within_key("short", |violations| violations.add("must be a string"));
    });
    let found = violations.into_violations();
    assert_eq!(
        found[0].field,
        format!("labels[\"{}\"…]", r"\u{7f}".repeat(64))
    );
    assert_eq!(found[1].field, "labels[\"short\"]");
}

#[test]
fn cuts_deep_paths_off_api_3() {
    let mut violations = Violations::new(Naming::Json);
    fn descend(violations: &mut Violations, depth: usize) {
        match depth {
            0 => violations.add("wrong"),
            _ => violations.within(&LABELS, |violations| descend(violations, depth - 1)),
        }
    }
    descend(&mut violations, 1_000);
    let path = &violations.as_slice()[0].field;
    assert!(path.starts_with("labels.labels.") && path.ends_with("labels…"));
    assert!(path.len() <= 1_027, "{}", path.len());
}

#[test]
fn bounds_the_bytes_of_all_violations_api_3() {
    let mut violations = Violations::new(Naming::Json);
    for number in 0..64 {
        let key = format!("{number}{}", "k".repeat(100));
        violations.within_key(key, |violations| violations.add("w".repeat(1_000)));
    }
    assert!(violations.is_full());
    let found = violations.into_violations();
    let bytes: usize = found
        .iter()
        .map(|violation| violation.field.len() + violation.description.len())
        .sum();
    assert!((1..=MAX_VIOLATIONS_BYTES).contains(&bytes), "{bytes}");
}

#[test]
fn distinguishes_long_keys_with_equal_beginning_api_3() {
    let mut violations = Violations::new(Naming::Json);
    let keys = ["a", "b"].map(|end| format!("{}{end}", "k".repeat(100)));
    violations.within_key(&keys[0], |violations| violations.add("must be an object"));
    for key in &keys {
        violations.within_key(key, |violations| {
            violations.add_rule_to(&LABELS, "must be given");
        });
    }
    let found = violations.into_violations();
    assert_eq!(found.len(), 2);
    assert_eq!(found[1].description, "must be given");
}
