//! A real Prometheus.

use std::{collections::BTreeSet, fs, io, net::SocketAddr, path::PathBuf, time::Duration};

use serde_json::Value;
use tempfile::TempDir;

use super::{
    process::{Process, folder, free_address},
    spawner::bound_command,
};
use crate::http;

/// A running `prometheus` that scrapes one target and evaluates rules. Dropping this kills it.
#[derive(Debug)]
pub struct PrometheusServer {
    address: SocketAddr,
    _folder: TempDir,
    _process: Process,
}

impl PrometheusServer {
    /// Starts the program, which `SEAWORTHY_TEST_PROMETHEUS` names. It scrapes `target` as the job
    /// and evaluates the rules, both in this interval.
    ///
    /// # Errors
    /// It cannot be started, or rejects the rules.
    pub fn start(
        program: impl Into<PathBuf>,
        rules: &str,
        job: &str,
        target: SocketAddr,
        interval: Duration,
    ) -> io::Result<Self> {
        let folder = folder(None)?;
        let address = free_address()?;
        let milliseconds = interval.as_millis();
        fs::write(folder.path().join("rules.yaml"), rules)?;
        fs::write(
            folder.path().join("prometheus.yaml"),
            format!(
                "global: {{scrape_interval: {milliseconds}ms, scrape_timeout: {milliseconds}ms, evaluation_interval: {milliseconds}ms}}\nrule_files: [rules.yaml]\nscrape_configs:\n  - job_name: {job}\n    static_configs: [{{targets: [\"{target}\"]}}]\n"
            ),
        )?;
        let mut command = bound_command(&program.into(), None);
        command
            .args(["--config.file=prometheus.yaml", "--storage.tsdb.path=data"])
            .arg(format!("--web.listen-address={address}"))
            .current_dir(folder.path());
        let mut process = Process::default();
        process.start(command, &folder.path().join("log"), || {
            http::get(address, "/-/ready").is_ok_and(|response| response.status == 200)
        })?;
        Ok(Self {
            address,
            _folder: folder,
            _process: process,
        })
    }

    /// Returns the alerts that fire. Each is its name, with the value of the label `name` in
    /// parentheses if it has one.
    ///
    /// # Errors
    /// It does not respond.
    pub fn firing_alerts(&self) -> io::Result<BTreeSet<String>> {
        let response = http::get(self.address, "/api/v1/alerts")?;
        let response: Value = serde_json::from_str(&response.body)?;
        let alerts = response.pointer("/data/alerts").and_then(Value::as_array);
        let alerts =
            alerts.ok_or_else(|| io::Error::other("Prometheus did not return a list of alerts"))?;
        let firing = alerts
            .iter()
            .filter(|alert| alert.get("state").is_some_and(|state| state == "firing"));
        let label = |alert: &Value, name: &str| {
            let label = alert.get("labels")?.get(name)?;
            label.as_str().map(str::to_owned)
        };
        Ok(firing
            .filter_map(|alert| {
                let name = label(alert, "alertname")?;
                Some(match label(alert, "name") {
                    Some(of) => format!("{name}({of})"),
                    None => name,
                })
            })
            .collect())
    }

    /// Returns the values of an instant query by its expression.
    ///
    /// # Errors
    /// It does not respond.
    pub fn query(&self, expression: &str) -> io::Result<Value> {
        let escaped: String = expression
            .bytes()
            .map(|byte| match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' => char::from(byte).to_string(),
                other => format!("%{other:02X}"),
            })
            .collect();
        let response = http::get(self.address, &format!("/api/v1/query?query={escaped}"))?;
        let response: Value = serde_json::from_str(&response.body)?;
        Ok(response
            .pointer("/data/result")
            .cloned()
            .unwrap_or_default())
    }
}

/// Divides each window and each `for` of rules by a factor, so that a test observes within seconds
/// what operators observe within hours. Thresholds stay.
#[must_use]
pub fn compress(rules: &str, factor: u32) -> String {
    let mut text = String::new();
    for line in rules.split_inclusive('\n') {
        let wait = line.trim().strip_prefix("for: \"");
        if let Some(wait) = wait.and_then(|rest| rest.strip_suffix('"')) {
            text.push_str(&line.replace(wait, &divided(wait, factor)));
            continue;
        }
        let mut parts = line.split('[');
        text.push_str(parts.next().unwrap_or_default());
        for part in parts {
            let (window, rest) = part.split_once(']').unwrap_or((part, ""));
            text.push_str(&format!("[{}]{rest}", divided(window, factor)));
        }
    }
    // The recorded number of failures in an hour and in a day.
    for seconds in [3_600, 86_400] {
        let own = format!(" * {}", seconds / factor);
        text = text.replace(&format!(" * {seconds}"), &own);
    }
    text
}

/// Divides a duration such as `5m`. Any other text stays.
fn divided(duration: &str, factor: u32) -> String {
    let seconds = match duration.chars().last() {
        Some('s') => 1,
        Some('m') => 60,
        Some('h') => 3_600,
        Some('d') => 86_400,
        _ => return duration.to_owned(),
    };
    let number = duration.trim_end_matches(char::is_alphabetic);
    match number.parse::<u64>() {
        Ok(number) => format!("{}ms", number * seconds * 1_000 / u64::from(factor)),
        Err(_) => duration.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compress_divides_windows_and_waits_obs_9() {
        let rules = "expr: 'rate(a{b=\"c\"}[5m]) / rate(a[1d])'\nfor: \"2m\"\nexpr: 'a * 3600'\nexpr: 'a * 86400'\n";
        let compressed = compress(rules, 60);
        assert_eq!(
            compressed,
            "expr: 'rate(a{b=\"c\"}[5000ms]) / rate(a[1440000ms])'\nfor: \"2000ms\"\nexpr: 'a * 60'\nexpr: 'a * 1440'\n"
        );
    }
}
