//! Errors of settings, and unsafe settings of a profile.

use std::{fs, path::Path};

use rustix::process::Signal;
use seaworthy_testkit::authority::Authority;
use serde_json::Value;

use super::{folder, run, text, trial};

#[test]
fn reports_all_errors_with_location_and_nearest_key_conf_1() {
    let folder = folder(&[(
        "config.yaml",
        "number: many\nserver:\n  http:\n    adr: 127.0.0.1:1\n    timeout: soon\nneeded: ${TRIAL_MISSING}\nlifecycle: 5\n",
    )]);
    let ended = run(&["serve", "--config", text(folder.path())]);
    assert_eq!(ended.status.code(), Some(78));
    for expected in [
        "config.yaml:1:9",
        "config.yaml:4:5",
        "`addr`",
        "config.yaml:5:14",
        "TRIAL_MISSING",
        "config.yaml:7:12",
    ] {
        assert!(
            ended.stderr.contains(expected),
            "{expected} is not in:\n{}",
            ended.stderr
        );
    }
}

#[test]
fn settings_of_undeclared_clients_are_errors_conf_1() {
    let cases = [
        (
            "clients.partnr.connect_timeout=1s",
            "did you mean `partner`?",
        ),
        ("grpc_clients.stock.url=http://a", "grpc_clients.stock"),
    ];
    for (setting, expected) in cases {
        let ended = run(&["serve", "--set", setting]);
        assert_eq!(ended.status.code(), Some(78), "{}", ended.stderr);
        assert!(ended.stderr.contains(expected), "{}", ended.stderr);
    }
}

#[test]
fn missing_folder_and_unknown_profile_are_errors_conf_1() {
    let ended = run(&["serve", "--config", "/nowhere/at/all"]);
    assert_eq!(ended.status.code(), Some(78), "{}", ended.stderr);
    assert!(ended.stderr.contains("/nowhere/at/all"), "{}", ended.stderr);
    let ended = run(&["serve", "--profile", "producton"]);
    assert_eq!(ended.status.code(), Some(2));
    assert!(ended.stderr.contains("production"), "{}", ended.stderr);
}

#[test]
fn production_rejects_unsafe_settings_in_text_and_json_conf_3() {
    let ended = run(&["serve", "--profile", "production"]);
    assert_eq!(ended.status.code(), Some(78));
    assert!(
        ended.stderr.contains("SEC-1") && ended.stderr.contains("CONF-7"),
        "{}",
        ended.stderr
    );
    let ended = run(&["serve", "--profile", "production", "--format", "json"]);
    assert_eq!(ended.status.code(), Some(78));
    let document: Value = serde_json::from_str(&ended.stderr).unwrap();
    assert!(document.to_string().contains("\"SEC-1\""), "{document}");
}

#[test]
fn unusable_setting_is_reported_with_its_key_conf_1_conf_6() {
    for (setting, key) in [
        (
            "server.http.limits.head.max_headers=5000",
            "server.http.limits.head.max_headers",
        ),
        (
            "server.http.limits.http2.max_frame_size=1B",
            "server.http.limits.http2.max_frame_size",
        ),
        (
            "server.grpc.limits.head.max_headers=5000",
            "server.grpc.limits.head.max_headers",
        ),
        (
            "server.http.access_log.exclude_paths=/",
            "server.http.access_log.exclude_paths",
        ),
        ("health.max_result_age=1s", "health.max_result_age"),
        ("log.buffer_size=1B", "log.buffer_size"),
        ("admin.addr=127.0.0.1:8000", "admin.addr"),
        ("tracing.endpoint=nonsense", "tracing.endpoint"),
        ("lifecycle.drain_delay=60s", "lifecycle.drain_delay"),
    ] {
        for command in [&["config", "check"][..], &["serve"]] {
            let ended = run(&[command, &["--set", setting]].concat());
            assert_eq!(ended.status.code(), Some(78), "{setting}");
            assert!(
                ended.stderr.contains(&format!("--set: {key}: "))
                    || ended.stderr.contains(&format!("{key}: ")),
                "{}",
                ended.stderr
            );
        }
    }
}

#[test]
fn config_check_names_tls_files_that_cannot_be_used_conf_1_sec_1() {
    let authority = Authority::new("servers").unwrap();
    let (own, other) = (authority.server().unwrap(), authority.server().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let set = |key: &str, file: &Path| format!("--set=server.http.tls.{key}={}", text(file));
    let check = |certificate: &Path, key: &Path| {
        let files = [set("certificate", certificate), set("key", key)];
        let ended = run(&["config", "check", "--set", "number=1", &files[0], &files[1]]);
        (ended.status.code(), ended.stdout.concat() + &ended.stderr)
    };
    let valid = check(&own.certificate, &own.key);
    assert_eq!(valid.0, Some(0), "{}", valid.1);

    let old = authority.expired("localhost").unwrap();
    fs::write(path("text"), "not a certificate").unwrap();
    for (certificate, key, setting, problem) in [
        (&path("missing"), &own.key, "certificate", "cannot read"),
        (&path("text"), &own.key, "certificate", "no certificate"),
        (
            &own.certificate,
            &path("text"),
            "key",
            "no usable private key",
        ),
        (&own.certificate, &other.key, "key", "does not belong"),
        (&old.certificate, &old.key, "certificate", "valid only"),
    ] {
        let (status, found) = check(certificate, key);
        assert_eq!(status, Some(78), "{problem}: {found}");
        let setting = format!("server.http.tls.{setting}: ");
        assert!(found.contains(&setting), "{setting}: {found}");
        assert!(found.contains(problem), "{problem}: {found}");
    }
}

#[test]
fn exposed_service_without_profile_is_rejected_conf_3() {
    for key in ["server.http.addr", "admin.addr"] {
        let set = format!("{key}=0.0.0.0:0");
        for command in [&["config", "check"][..], &["serve"]] {
            let ended = run(&[command, &["--set", &set]].concat());
            assert_eq!(ended.status.code(), Some(78), "{ended:#?}");
            for expected in [key, "TRIAL__PROFILE", "0.0.0.0:0"] {
                assert!(ended.stderr.contains(expected), "{}", ended.stderr);
            }
        }
    }
    let exposed = [
        "--profile",
        "development",
        "--set",
        "server.http.addr=0.0.0.0:0",
    ];
    let mut process = trial(&exposed);
    process.line("\"message\":\"ready\"").unwrap();
}

#[test]
fn development_logs_count_of_unsafe_settings_conf_3() {
    let mut process = trial(&["--profile", "development"]);
    process.line("\"message\":\"ready\"").unwrap();
    process.signal(Signal::TERM).unwrap();
    let ended = process.wait_with_output().unwrap();
    let lines = ended.stdout.iter();
    let warnings: Vec<Value> = lines
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|line| {
            line["level"] == "WARN" && line["target"] == "seaworthy_service::preflight::report"
        })
        .collect();
    let [warning] = warnings.as_slice() else {
        panic!("{warnings:#?}");
    };
    assert!(warning["count"].as_u64() > Some(1), "{warning}");
    let message = warning["message"].as_str().unwrap();
    assert!(message.contains("`config check`"), "{warning}");
}
