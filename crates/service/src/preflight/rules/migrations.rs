use crate::preflight::{Facts, Violation};

/// Migrations are a step of their own: replicas that start together would run them together (DATA-2).
pub(super) fn check(facts: &Facts) -> Vec<Violation> {
    let at_start = facts
        .iter()
        .filter(|(key, setting)| key.ends_with("migrate_at_start") && setting.value == true);
    at_start
        .map(|(key, setting)| Violation {
            id: "DATA-2",
            key: key.to_owned(),
            origin: setting.origin.clone(),
            why:
                "every replica migrates when it starts, and a bad migration takes all of them down"
                    .to_owned(),
            fix: "set it to false and run `migrate up` as a step of the deployment".to_owned(),
        })
        .collect()
}
