use std::{collections::BTreeMap, fmt};

use serde::Deserialize;

use crate::alert;

/// The file of an [`Overlay`] in the output folder, as it is created when it is missing.
pub(crate) const TEMPLATE: &str = "\
# Decisions of the operators. `seaworthy deploy render` reads this file and never changes it.

# The address below which people open runbooks, without a slash at the end.
# runbook_url = \"https://wiki.example.org/runbooks\"
# The contact of every runbook after its triage.
# escalation = \"The on-call engineer of the platform team\"
# Requests that succeed, in percent, over 30 days.
# availability_percent = 99.9
# Requests that are faster than latency_seconds, in percent, over 30 days.
# latency_percent = 99.0
# latency_seconds = 0.5
# Services that the ingress reaches, although another rendered service calls them.
# public = [\"media\"]

# Addresses that the facts do not contain, because they are secrets or other servers name them.
# Separate several by commas. The pods do not reach an address that is \"unused\", such as that of a
# provider that is turned off.
# [addresses.orders]
# \"rate_limit.redis.address\" = \"redis.example.org:6379\"

# Measured use of a pod at its peak. The requests and the memory limit of its containers follow.
# Omit a value that was not measured.
# [usage.orders]
# cpu_millicores = 150
# memory_mib = 60

# One alert, for all services.
# [alerts.OutboxOld]
# threshold = 300.0
# for = \"10m\"
# severity = \"ticket\"
# enabled = false
";

/// The part of a deployment that operators decide.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Overlay {
    /// The address below which people open runbooks. Without it an alert has the path in the
    /// output folder.
    pub runbook_url: Option<String>,
    /// The contact of every runbook.
    pub escalation: String,
    /// Requests that succeed, in percent, over 30 days.
    pub availability_percent: f64,
    /// Requests that are faster than `latency_seconds`, in percent, over 30 days.
    pub latency_percent: f64,
    /// The maximum duration of fast requests: the bound of a bucket, such as 0.25 or 1.0.
    pub latency_seconds: f64,
    /// Services that the ingress reaches, although another rendered service calls them.
    pub public: Vec<String>,
    /// Changed alerts by name, such as `OutboxOld`.
    pub alerts: BTreeMap<String, AlertOverlay>,
    /// Addresses as `host:port`, `host:port,host:port` or `unused`, by service and by key of the
    /// setting.
    pub addresses: BTreeMap<String, BTreeMap<String, String>>,
    /// The measured use of a pod, by service.
    pub usage: BTreeMap<String, Usage>,
}

/// The measured use of a pod at its peak load. A value that was not measured is absent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Usage {
    /// Processor time, in thousandths of a core.
    pub cpu_millicores: Option<u32>,
    /// Resident memory, in MiB.
    pub memory_mib: Option<u32>,
}

/// A change of an alert.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AlertOverlay {
    /// The value above which it fires. Some alerts have no threshold.
    pub threshold: Option<f64>,
    /// How long the condition holds until it fires, such as `5m`.
    pub r#for: Option<String>,
    /// `page` or `ticket`.
    pub severity: Option<String>,
    /// Whether the alert is rendered. Default: true.
    pub enabled: Option<bool>,
}

impl Default for Overlay {
    fn default() -> Self {
        Self {
            runbook_url: None,
            escalation: "The on-call engineer of the team that owns the service".to_owned(),
            availability_percent: 99.9,
            latency_percent: 99.0,
            latency_seconds: 0.5,
            public: Vec::new(),
            alerts: BTreeMap::new(),
            addresses: BTreeMap::new(),
            usage: BTreeMap::new(),
        }
    }
}

/// A text that is not an overlay.
#[derive(Debug)]
pub struct InvalidOverlay(String);

impl fmt::Display for InvalidOverlay {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for InvalidOverlay {}

impl Overlay {
    /// The text of a new `overlay.toml`: every key as a comment.
    pub const TEMPLATE: &'static str = TEMPLATE;

    /// Reads `overlay.toml`.
    ///
    /// # Errors
    /// A key is unknown, a value is outside of its range, or an alert has no such key.
    pub fn read(text: &str) -> Result<Self, InvalidOverlay> {
        let overlay: Self = toml::from_str(text)
            .map_err(|error| InvalidOverlay(format!("overlay.toml: {error}")))?;
        overlay.check()?;
        Ok(overlay)
    }

    /// Checks the values of an overlay, which may also be built in code.
    pub(crate) fn check(&self) -> Result<(), InvalidOverlay> {
        for (key, percent) in [
            ("availability_percent", self.availability_percent),
            ("latency_percent", self.latency_percent),
        ] {
            if !(50.0..100.0).contains(&percent) {
                let problem =
                    format!("overlay.toml: {key} is {percent}, expected 50 to less than 100");
                return Err(InvalidOverlay(problem));
            }
        }
        for (name, usage) in &self.usage {
            if usage.cpu_millicores == Some(0) || usage.memory_mib == Some(0) {
                let problem =
                    format!("overlay.toml: the usage of {name} is 0, expected measured values");
                return Err(InvalidOverlay(problem));
            }
        }
        for (name, changed) in &self.alerts {
            let Some(known) = alert::find(name) else {
                let problem = format!(
                    "overlay.toml: no alert has the name {name}: use one of {}",
                    alert::names().join(", ")
                );
                return Err(InvalidOverlay(problem));
            };
            if let Some(threshold) = changed.threshold {
                if !known.has_threshold() {
                    let problem = format!(
                        "overlay.toml: {name} has no threshold, because {}: remove the key",
                        alert::basis(known)
                    );
                    return Err(InvalidOverlay(problem));
                }
                if !threshold.is_finite() || threshold < 0.0 {
                    let problem = format!(
                        "overlay.toml: the threshold of {name} is {threshold}, expected 0 or more"
                    );
                    return Err(InvalidOverlay(problem));
                }
            }
            if let Some(wait) = &changed.r#for
                && alert::minutes(wait).is_none()
            {
                let problem = format!(
                    "overlay.toml: the for of {name} is {wait:?}, expected a duration such as 5m or 1h30m"
                );
                return Err(InvalidOverlay(problem));
            }
            if let Some(severity) = &changed.severity
                && !["page", "ticket"].contains(&severity.as_str())
            {
                let problem = format!(
                    "overlay.toml: the severity of {name} is {severity:?}, expected page or ticket"
                );
                return Err(InvalidOverlay(problem));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn template_is_the_default_overlay_ship_4() {
        let overlay = Overlay::read(TEMPLATE).unwrap();
        assert_eq!(overlay, Overlay::default());
        let uncommented = TEMPLATE.lines().map(|line| match line.strip_prefix("# ") {
            Some(code) if code.contains(" = ") || code.starts_with('[') => code,
            _ => line,
        });
        let all = Overlay::read(&uncommented.collect::<Vec<_>>().join("\n")).unwrap();
        assert_eq!(all.alerts["OutboxOld"].threshold, Some(300.0));
        assert_eq!(all.usage["orders"].memory_mib, Some(60));
        assert_eq!(all.public, ["media"]);
    }

    #[test]
    fn unknown_alert_in_the_overlay_is_rejected_obs_9() {
        let error = Overlay::read("[alerts.OutboxOlder]\nenabled = false").unwrap_err();
        assert!(error.to_string().contains("OutboxOld,"), "{error}");
        let error = Overlay::read("availability_percent = 100.0").unwrap_err();
        assert!(error.to_string().contains("100"), "{error}");
        assert!(Overlay::read("unknown = 1").is_err());
        let zero = "[usage.orders]\ncpu_millicores = 0\nmemory_mib = 60";
        let error = Overlay::read(zero).unwrap_err();
        assert!(error.to_string().contains("orders"), "{error}");
    }

    #[test]
    fn threshold_and_wait_of_an_alert_are_checked_obs_9() {
        for (text, expected) in [
            ("[alerts.WorkerStalled]\nthreshold = 600.0", "interval"),
            ("[alerts.ErrorBudgetBurnFast]\nthreshold = 2.0", "percent"),
            ("[alerts.NotReady]\nthreshold = 2.0", "NotReady has no"),
            ("[alerts.FlagSourceStale]\nthreshold = 2.0", "state"),
            ("[alerts.OutboxOld]\nthreshold = -1.0", "0 or more"),
            ("[alerts.OutboxOld]\nthreshold = nan", "0 or more"),
            ("[alerts.OutboxOld]\nfor = \"10 minutes\"", "1h30m"),
        ] {
            let error = Overlay::read(text).map(drop).unwrap_err();
            assert!(error.to_string().contains(expected), "{error}");
        }
    }
}
