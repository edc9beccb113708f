use crate::preflight::{Facts, Violation};

/// Rejects the values that the types of the settings declare as unsafe (CONF-3).
pub(super) fn check(facts: &Facts) -> Vec<Violation> {
    let mut found = Vec::new();
    for (key, setting) in facts.iter() {
        let declared = setting.marks.unsafe_values().iter();
        for unsafe_value in declared.filter(|declared| declared.matches(&setting.value)) {
            found.push(Violation {
                id: unsafe_value.id().to_owned().into(),
                key: key.to_owned(),
                origin: setting.origin.clone(),
                why: unsafe_value.reason(&setting.value),
                fix: unsafe_value.fix(),
            });
        }
    }
    found
}
