//! All rules. `build.rs` generates the list from the directories under `rules/`.

use super::Rule;

include!(concat!(env!("OUT_DIR"), "/rules.rs"));

/// Every rule, sorted by ID.
#[must_use]
pub fn rules() -> &'static [&'static Rule] {
    RULES
}

/// The rules that an ID names: one for a full ID, all of a requirement for its ID (`SHIP-1`).
#[must_use]
pub fn explain(id: &str) -> Vec<&'static Rule> {
    let wanted = |rule: &&&Rule| {
        rule.metadata.id.eq_ignore_ascii_case(id)
            || rule.metadata.requirement().eq_ignore_ascii_case(id)
    };
    RULES.iter().filter(wanted).copied().collect()
}
