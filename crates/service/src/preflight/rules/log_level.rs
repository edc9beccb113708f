use crate::preflight::{Facts, Violation};

/// Detailed levels slow a service down and write what nobody reviewed (OBS-1).
pub(super) fn check(facts: &Facts) -> Vec<Violation> {
    let levels = facts
        .iter()
        .filter(|(key, _)| key.ends_with("log.level") || key.contains("log.targets."));
    levels
        .filter(|(_, setting)| matches!(setting.value.as_str(), Some("debug" | "trace")))
        .map(|(key, setting)| Violation {
            id: "OBS-1",
            key: key.to_owned(),
            origin: setting.origin.clone(),
            why: format!(
                "the level {} writes details that may be personal, and costs time on every request",
                setting.value
            ),
            fix: "set it to info; raise it for minutes on the admin listener's /log-level"
                .to_owned(),
        })
        .collect()
}
