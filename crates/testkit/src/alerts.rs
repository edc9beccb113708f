//! The alerts of a running service: a real Prometheus evaluates its rules, and its runbooks run as
//! an operator runs them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    net::SocketAddr,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use crate::prometheus::PrometheusServer;

/// 15 samples in the shortest window, if 5 minutes become 1.5 s.
const SCRAPE_INTERVAL: Duration = Duration::from_millis(100);
/// Maximum wait for an alert, longer than any of the compressed rules waits.
const TIMEOUT: Duration = Duration::from_secs(60);
const POLL_INTERVAL: Duration = Duration::from_millis(20);
/// Commands that report the fault of the alert, and their exit status for it: settings with errors,
/// and a damaged audit log.
const REPORTS: [(&str, i32); 2] = [(" config check ", 78), (" audit-log verify ", 1)];
/// Errors of a command that has a wrong token, path or method. `curl` succeeds with them.
const REJECTIONS: [&str; 4] = [
    "\"status\":401",
    "\"status\":403",
    "\"status\":404",
    "\"status\":405",
];
/// Forwards to no port, because the listener is on this machine. Runs the program instead of a pod.
/// Lists no pods and prints no log lines.
const KUBECTL: &str = r#"#!/bin/sh
set -eu
case "$1 $2" in
    "port-forward deployment/$NAME") exit 0 ;;
    "get pods" | "logs --selector" | "describe pods" | "describe networkpolicy") [ "$3" != "" ] && echo "$*"; exit 0 ;;
    "get secret") [ "$3 $5" = "$NAME-secrets jsonpath={.data.admin-token}" ] && printf %s "$STORED_TOKEN" | base64; exit 0 ;;
    "exec deployment/$NAME") [ "$3 $4" = "-- /service" ] && shift 4 ;;
    *) echo "unexpected: $*" >&2; exit 64 ;;
esac
for argument; do
    [ "$argument" = "/etc/$NAME" ] && argument=$CONFIG
    set -- "$@" "$argument"
    shift
done
exec "$SERVICE" "$@"
"#;

/// The service whose alerts a test observes.
#[derive(Debug)]
pub struct ObservedService<'a> {
    /// Its name, which is also the job of Prometheus.
    pub name: &'a str,
    /// Its program.
    pub program: &'a Path,
    /// The folder of its settings, as its pod has it.
    pub config: PathBuf,
    /// Its environment, as its pod has it.
    pub environment: Vec<(String, String)>,
    /// The address of its admin listener.
    pub admin: SocketAddr,
    /// The token of the admin listener.
    pub token: &'a str,
}

/// The alerts and runbooks of a running service.
#[derive(Debug)]
pub struct Alerts {
    name: String,
    prometheus: PrometheusServer,
    files: BTreeMap<String, String>,
    environment: Vec<(String, String)>,
    folder: TempDir,
}

impl Alerts {
    /// Starts a Prometheus, whose program is `prometheus`, on these rules. `files` are the rendered
    /// files of the service by their paths, such as `runbooks/outbox-old.md`.
    ///
    /// # Errors
    /// The program cannot be started, or rejects the rules.
    pub fn start(
        prometheus: impl Into<PathBuf>,
        rules: &str,
        files: BTreeMap<String, String>,
        service: ObservedService<'_>,
    ) -> io::Result<Self> {
        let ObservedService {
            name,
            program,
            config,
            mut environment,
            admin,
            token,
        } = service;
        let folder = tempfile::tempdir()?;
        let kubectl = folder.path().join("kubectl");
        fs::write(&kubectl, KUBECTL)?;
        fs::set_permissions(&kubectl, fs::Permissions::from_mode(0o755))?;
        let path = std::env::var("PATH").unwrap_or_default();
        environment.extend(
            [
                ("PATH", format!("{}:{path}", folder.path().display())),
                ("NAME", name.to_owned()),
                ("SERVICE", program.display().to_string()),
                ("CONFIG", config.display().to_string()),
                ("STORED_TOKEN", token.to_owned()),
            ]
            .map(|(variable, value)| (variable.to_owned(), value)),
        );
        Ok(Self {
            name: name.to_owned(),
            prometheus: PrometheusServer::start(prometheus, rules, name, admin, SCRAPE_INTERVAL)?,
            files,
            environment,
            folder,
        })
    }

    /// Returns the Prometheus, for queries.
    #[must_use]
    pub fn prometheus(&self) -> &PrometheusServer {
        &self.prometheus
    }

    /// Returns the alerts that fire, as [`PrometheusServer::firing_alerts`] does.
    ///
    /// # Errors
    /// Prometheus does not respond.
    pub fn firing(&self) -> io::Result<BTreeSet<String>> {
        self.prometheus.firing_alerts()
    }

    /// Whether an alert fires, such as `BreakerOpen`, or `BreakerOpen(database)` for one value of
    /// its label `name`.
    ///
    /// # Errors
    /// Prometheus does not respond.
    pub fn is_firing(&self, alert: &str) -> io::Result<bool> {
        let firing = self.firing()?;
        let mut names = firing.iter().filter_map(|name| name.split('(').next());
        Ok(firing.contains(alert) || names.any(|name| name == alert))
    }

    /// Waits until an alert fires, runs its runbook, and returns the output.
    ///
    /// # Panics
    /// The alert does not fire within a minute, a command of the runbook fails, or the output does
    /// not contain `known`.
    pub async fn fires(&self, alert: &str, known: &str) -> String {
        self.wait(alert, true).await;
        let page = page(alert);
        let printed = self.run(&page);
        assert!(
            printed.as_ref().is_ok_and(|text| text.contains(known)),
            "{page} does not show {known}: {printed:?}"
        );
        printed.unwrap_or_default()
    }

    /// Waits until the alerts do not fire.
    ///
    /// # Panics
    /// An alert still fires after a minute.
    pub async fn resolves(&self, alerts: &[&str]) {
        for alert in alerts {
            self.wait(alert, false).await;
        }
    }

    async fn wait(&self, alert: &str, fires: bool) {
        let end = Instant::now() + TIMEOUT;
        while !self.is_firing(alert).is_ok_and(|firing| firing == fires) {
            assert!(
                Instant::now() < end,
                "{alert} does not become firing={fires}: {:?}",
                self.firing()
            );
            sleep(POLL_INTERVAL).await;
        }
    }

    /// Runs each command of a runbook for the service, and returns their output. `page` is a name
    /// such as `outbox-old`.
    fn run(&self, page: &str) -> io::Result<String> {
        let missing = || io::Error::other("the service is not in the runbook");
        let text = self.files.get(&format!("runbooks/{page}.md"));
        let own = format!("\n### {}\n", self.name);
        let (_, own) = text
            .and_then(|text| text.split_once(&own))
            .ok_or_else(missing)?;
        let (_, commands) = own.split_once("```sh\n").ok_or_else(missing)?;
        let (commands, _) = commands.split_once("```").ok_or_else(missing)?;
        let mut output = String::new();
        // The variables that earlier commands export, such as the token.
        let mut exports = String::new();
        for command in commands.lines() {
            let ended = Command::new("bash")
                .args(["-euc", &format!("{exports}{command}")])
                .envs(self.environment.iter().cloned())
                .current_dir(self.folder.path())
                .output()?;
            if command.starts_with("export ") {
                exports.push_str(command);
                exports.push('\n');
            }
            let printed = String::from_utf8_lossy(&ended.stdout).into_owned()
                + &String::from_utf8_lossy(&ended.stderr);
            let is_report = REPORTS.iter().any(|(report, status)| {
                command.contains(report) && ended.status.code() == Some(*status)
            });
            let is_silent = command.ends_with('&') || command.starts_with("export ");
            let problem = if !ended.status.success() && !is_report {
                "fails"
            } else if printed.is_empty() && !is_silent {
                "prints nothing"
            } else if REJECTIONS.iter().any(|status| printed.contains(status)) {
                "is rejected"
            } else {
                output.push_str(&printed);
                continue;
            };
            return Err(io::Error::other(format!("{command} {problem}: {printed}")));
        }
        Ok(output)
    }
}

/// Returns the name of the runbook of an alert: `outbox-old` for `OutboxOld`.
fn page(alert: &str) -> String {
    let mut page = String::new();
    for letter in alert.split('(').next().unwrap_or_default().chars() {
        if letter.is_ascii_uppercase() && !page.is_empty() {
            page.push('-');
        }
        page.push(letter.to_ascii_lowercase());
    }
    page
}
