use seaworthy_config::UnsafeValue;

use crate::preflight::{Facts, Violation};

/// Rejects the values that the types of the settings declare as unsafe (CONF-3).
pub(super) fn check(facts: &Facts) -> Vec<Violation> {
    let mut found = Vec::new();
    for (key, setting) in facts.iter() {
        let declared = setting.marks.unsafe_values().iter();
        for unsafe_value in declared.filter(|declared| {
            declared.matches(&setting.value) && !is_allowed(facts, key, declared)
        }) {
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

/// Whether a setting in the same section allows the value.
fn is_allowed(facts: &Facts, key: &str, declared: &UnsafeValue) -> bool {
    declared.unless().is_some_and(|name| {
        let section = key.rsplit_once('.').map(|(section, _)| section);
        facts.is_true(&section.map_or(name.to_owned(), |section| format!("{section}.{name}")))
    })
}
