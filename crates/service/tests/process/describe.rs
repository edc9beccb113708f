//! The command `describe`.

use seaworthy_facts::Facts;
use seaworthy_testkit::process::{ProcessOutput, ServiceProcess, example};

fn describe(arguments: &[&str]) -> ProcessOutput {
    let arguments = [&["describe"], arguments].concat();
    let process = ServiceProcess::spawn(&example("trial"), &arguments, &[]);
    process.unwrap().wait_with_output().unwrap()
}

fn facts(arguments: &[&str]) -> Facts {
    let ended = describe(arguments);
    assert!(ended.status.success(), "{ended:#?}");
    Facts::from_json(&ended.stdout.join("\n")).unwrap()
}

#[test]
fn facts_have_ports_and_timeouts_of_the_profile_ship_3() {
    let facts = facts(&[
        "--profile",
        "production",
        "--set",
        "server.http.addr=0.0.0.0:8123",
        "--set",
        "admin.addr=0.0.0.0:9123",
        "--set",
        "admin.token=file:/run/secrets/admin-token",
        "--set",
        "lifecycle.total_timeout=41s",
        "--set",
        "tracing.endpoint=https://collector.internal:4318",
    ]);
    assert_eq!(facts.profile, "production");
    assert_eq!(facts.listener("http").unwrap().port, 8123);
    assert_eq!(facts.listener("admin").unwrap().port, 9123);
    assert_eq!(facts.lifecycle.total_timeout_ms, 41_000);
    assert_eq!(facts.lifecycle.drain_delay_ms, 5_000);
    assert_eq!(facts.probes.live.listener, "admin");
    let collector = &facts.dependencies[0];
    assert_eq!(collector.host.as_deref(), Some("collector.internal"));
    assert_eq!(collector.port, Some(4318));
    // The file of the secret does not exist on this machine.
    assert_eq!(facts.values["admin.token"], "file:/run/secrets/admin-token");
    assert_eq!(
        facts.values.len(),
        5,
        "no default is a value: {:?}",
        facts.values
    );
    let token = facts
        .settings
        .iter()
        .find(|setting| setting.key == "admin.token");
    assert!(token.unwrap().secret);
}

#[test]
fn facts_have_metrics_of_the_started_service_obs_9() {
    let facts = facts(&[]);
    for name in ["http_requests_total", "health_ready", "worker_runs_total"] {
        assert!(facts.metric(name).is_some(), "{name}: {:?}", facts.metrics);
    }
    let latency = facts.metric("http_request_duration_seconds").unwrap();
    assert!(latency.bounds.contains(&0.5), "{:?}", latency.bounds);
    assert!(facts.has_command("tally"));
}

#[test]
fn secret_in_a_setting_does_not_become_a_fact_conf_5() {
    let ended = describe(&["--set", "admin.token=0123456789abcdef0123456789abcdef"]);
    assert_eq!(ended.status.code(), Some(1), "{ended:#?}");
    assert!(
        ended.stderr.contains("admin.token contains a secret"),
        "{ended:#?}"
    );
    assert!(!ended.stderr.contains("0123456789abcdef"), "{ended:#?}");
    assert!(ended.stdout.is_empty(), "{ended:#?}");
}
