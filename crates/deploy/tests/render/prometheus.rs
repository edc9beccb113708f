//! The rules, checked and tested by promtool.

use std::{path::Path, process::Command, thread};

use seaworthy_deploy::{Overlay, render, write};
use seaworthy_testkit::requirement::required;

use crate::sample::{complete, facts, overlay, platforms};

/// Runs promtool in the folder of the rules, and returns its output.
fn promtool(folder: &Path, step: &str, suffix: &str) -> Option<String> {
    let program = required("SEAWORTHY_TEST_PROMTOOL")?;
    let files = std::fs::read_dir(folder).unwrap();
    let files = files.map(|entry| entry.unwrap().path());
    let files: Vec<_> = files
        .filter(|file| file.to_string_lossy().ends_with(suffix))
        .collect();
    assert!(!files.is_empty());
    let output = Command::new(program)
        .args([step, "rules"])
        .args(files)
        .current_dir(folder)
        // Each test allocates a database, and most of its memory is soon free.
        .env("GOGC", "800")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    Some(text)
}

#[test]
fn promtool_accepts_the_rules_of_every_platform_obs_9() {
    for deploy in platforms() {
        let folder = tempfile::tempdir().unwrap();
        let files = render(&facts(&deploy), &overlay(&deploy)).unwrap();
        write(folder.path(), &files).unwrap();
        promtool(&folder.path().join("prometheus"), "check", ".rules.yaml");
    }
}

/// The committed files, which operators use.
#[test]
fn promtool_runs_the_committed_tests_of_every_platform_obs_9() {
    thread::scope(|scope| {
        for deploy in platforms() {
            let folder = deploy.join("prometheus");
            for facts in facts(&deploy) {
                assert!(folder.join(format!("{}.test.yaml", facts.name)).exists());
            }
            // promtool uses one core.
            scope.spawn(move || promtool(&folder, "test", ".test.yaml"));
        }
    });
}

#[test]
fn every_alert_fires_and_is_silent_in_its_tests_obs_9() {
    let folder = tempfile::tempdir().unwrap();
    let facts = complete();
    let files = render(&[facts], &Overlay::default()).unwrap();
    write(folder.path(), &files).unwrap();
    let tests = &files["prometheus/join-service.test.yaml"];
    let rules = &files["prometheus/join-service.rules.yaml"];
    let names = alerts(rules);
    for name in ["CertificateExpiringSoon", "PluginDisabled"] {
        assert!(names.contains(&name), "{names:?}");
    }
    let checks: Vec<_> = tests.split("- expr: ").skip(1).collect();
    for name in names {
        let alert = format!("alertname=\"{name}\"");
        for value in ["value: 1}", "value: 0}"] {
            let mut checks = checks.iter();
            let is_checked = checks.any(|check| check.contains(&alert) && check.contains(value));
            assert!(is_checked, "{name}: {value}");
        }
    }
    promtool(&folder.path().join("prometheus"), "test", ".test.yaml");
}

/// Returns the alerts of a rules file.
fn alerts(rules: &str) -> Vec<&str> {
    let lines = rules.lines();
    let alerts: Vec<_> = lines
        .filter_map(|line| line.trim().strip_prefix("- alert: "))
        .collect();
    assert!(alerts.len() >= 24, "{alerts:?}");
    alerts
}

/// Checks that a burst between two scrapes fires an alert. The counter exists before the first
/// failure, so the burst is an increase.
fn burst_fires(alert: &str, metric: &str, labels: &str) {
    let folder = tempfile::tempdir().unwrap();
    let facts = complete();
    write(
        folder.path(),
        &render(std::slice::from_ref(&facts), &Overlay::default()).unwrap(),
    )
    .unwrap();
    let prometheus = folder.path().join("prometheus");
    let prefix = &facts.metric_prefix;
    let test = format!(
        r#"rule_files: [join-service.rules.yaml]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - series: '{prefix}{metric}{{job="join-service", {labels}}}'
        values: "0x9 3x40"
    promql_expr_test:
      - expr: count(ALERTS{{alertname="{alert}", alertstate="firing"}}) or vector(0)
        eval_time: 9m
        exp_samples: [{{labels: "{{}}", value: 0}}]
      - expr: count(ALERTS{{alertname="{alert}", alertstate="firing"}}) or vector(0)
        eval_time: 11m
        exp_samples: [{{labels: "{{}}", value: 1}}]
      - expr: count(ALERTS{{alertname="{alert}", alertstate="firing"}}) or vector(0)
        eval_time: 40m
        exp_samples: [{{labels: "{{}}", value: 0}}]
"#
    );
    std::fs::write(prometheus.join("burst.yaml"), test).unwrap();
    promtool(&prometheus, "test", "burst.yaml");
}

#[test]
fn burst_of_failed_publishes_fires_obs_9() {
    let labels = r#"reason="unavailable""#;
    burst_fires("PublishFailing", "messages_publish_failures_total", labels);
}

#[test]
fn burst_of_rejected_plugin_calls_fires_obs_9() {
    let labels = r#"plugin="guard", reason="disabled""#;
    burst_fires("PluginDisabled", "plugin_faults_total", labels);
}

/// The metrics are registered without the server too, and such an alert can never fire.
#[test]
fn unused_server_has_no_alert_obs_9() {
    let rules = "prometheus/join-service.rules.yaml";
    for (alert, page, section) in [
        ("RateLimiterErrors", "rate-limiter-errors", "redis"),
        ("FlagSourceStale", "flag-source-stale", "remote"),
    ] {
        let mut facts = complete();
        let rendered = |facts| render(&[facts], &Overlay::default()).unwrap();
        let with = rendered(facts.clone());
        facts.values.retain(|key, _| !key.contains(section));
        let without = rendered(facts);
        let page = format!("runbooks/{page}.md");
        assert!(with[rules].contains(alert) && with.contains_key(&page));
        assert!(!without[rules].contains(alert) && !without.contains_key(&page));
    }
}

#[test]
fn unit_tests_follow_the_template_of_the_overlay_obs_9() {
    let overlay = "[alerts.OutboxOld]\nthreshold = 300.0\nfor = \"10m\"\n";
    let files = render(&[complete()], &Overlay::read(overlay).unwrap()).unwrap();
    let rules = &files["prometheus/join-service.rules.yaml"];
    assert!(rules.contains(") > 300"), "{rules}");
    let tests = &files["prometheus/join-service.test.yaml"];
    for values in ["301x11", "300x11"] {
        assert!(tests.contains(values), "{values}: {tests}");
    }
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &files).unwrap();
    promtool(&folder.path().join("prometheus"), "test", ".test.yaml");
}

#[test]
fn unit_tests_follow_every_threshold_and_wait_obs_9() {
    let files = render(&[complete()], &Overlay::default()).unwrap();
    let alerts = alerts(&files["prometheus/join-service.rules.yaml"]);
    for (threshold, wait) in [(0.25, "0m"), (7.0, "90s"), (0.0, "1m"), (1_000.5, "1h30m")] {
        let mut overlay = String::new();
        for alert in &alerts {
            let changed = format!("[alerts.{alert}]\nfor = \"{wait}\"\n");
            let threshold = format!("threshold = {threshold:?}\n");
            overlay.push_str(&changed);
            if Overlay::read(&(changed + &threshold)).is_ok() {
                overlay.push_str(&threshold);
            }
        }
        assert!(overlay.contains("threshold"));
        let overlay = Overlay::read(&overlay).unwrap();
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &render(&[complete()], &overlay).unwrap()).unwrap();
        promtool(&folder.path().join("prometheus"), "test", ".test.yaml");
    }
}

#[test]
fn invalid_overlay_built_in_code_is_rejected_obs_9() {
    let mut overlay = Overlay::default();
    let stalled = overlay.alerts.entry("WorkerStalled".to_owned());
    stalled.or_default().threshold = Some(60.0);
    let error = render(&[complete()], &overlay).unwrap_err();
    assert!(error.to_string().contains("WorkerStalled"), "{error}");
}

#[test]
fn changed_threshold_fails_the_unit_tests_obs_9() {
    let Some(program) = required("SEAWORTHY_TEST_PROMTOOL") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let files = render(&[complete()], &Overlay::default()).unwrap();
    write(folder.path(), &files).unwrap();
    let prometheus = folder.path().join("prometheus");
    let rules = prometheus.join("join-service.rules.yaml");
    let text = std::fs::read_to_string(&rules).unwrap();
    for (from, to) in [
        (") > 120", ") > 119"),
        (") > 1000", ") > 1001"),
        ("> 14.4", "> 5"),
    ] {
        assert!(text.contains(from), "{from}: {text}");
        std::fs::write(&rules, text.replace(from, to)).unwrap();
        let output = Command::new(&program)
            .args(["test", "rules", "join-service.test.yaml"])
            .current_dir(&prometheus)
            .env("GOGC", "800")
            .output()
            .unwrap();
        assert!(!output.status.success(), "{to}");
    }
}
