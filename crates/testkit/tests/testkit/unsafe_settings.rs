//! The check of unsafe settings, with programs that accept some of them.
#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::{panic, path::Path, process::Command};

use seaworthy_testkit::{
    deployment::Deployment, unsafe_settings::assert_unsafe_settings_are_rejected,
};
use serde_json::{Value, json};

/// The settings that every service has, which the programs reject.
const FRAMEWORK: [(&str, &str); 16] = [
    ("AUTH-5", "admin.token"),
    ("LIFE-4", "lifecycle.total_timeout"),
    ("OBS-1", "log.level"),
    ("OBS-1", "log.output"),
    ("OBS-3", "log.redaction.tokens"),
    ("RES-6", "server.grpc.rate_limit.redis.on_failure"),
    ("RES-3", "server.grpc.timeout"),
    ("SEC-2", "server.http.cors.allowed_origins"),
    ("RES-7", "server.http.load_shed.max_queue_delay"),
    ("SEC-3", "server.http.max_body_size"),
    ("RES-6", "server.http.rate_limit.enabled"),
    ("RES-6", "server.http.rate_limit.redis.on_failure"),
    ("SEC-2", "server.http.reject_cross_site_cookies"),
    ("RES-3", "server.http.timeout"),
    ("SEC-6", "server.http.trusted_proxies"),
    ("SEC-1", "tracing.endpoint"),
];

/// Writes a program whose setting `mode` has two unsafe values. It rejects `mode` in the way that
/// a pattern of a shell matches its arguments.
fn program(folder: &Path, rejected: &str) -> Deployment {
    program_with(folder, rejected, &json!({}))
}

/// As [`program`], with further settings.
fn program_with(folder: &Path, rejected: &str, further: &Value) -> Deployment {
    let unsafe_mode =
        |value: &str| json!({ "id": "SEC-2", "value": value, "why": "w", "fix": "f" });
    let mode = [unsafe_mode("first"), unsafe_mode("second")];
    let mut schema = json!({ "properties": {
        "mode": { "type": "string", "x-unsafe": mode },
    } });
    let properties = schema
        .get_mut("properties")
        .and_then(Value::as_object_mut)
        .unwrap();
    properties.extend(further.as_object().unwrap().clone());
    let violation = |(id, key): (&str, &str)| json!({ "id": id, "key": key });
    let common: Vec<Value> = FRAMEWORK.into_iter().map(violation).collect();
    let mut all = common.clone();
    all.push(violation(("SEC-2", "mode")));
    let script = format!(
        "#!/bin/sh\ncase \"$*\" in\n*'config schema'*) echo '{schema}' ;;\n{rejected}) echo '{}' ;;\n*) echo '{}' ;;\nesac\n",
        json!({ "violations": all }),
        json!({ "violations": common }),
    );
    let file = folder.join("program");
    // If this process wrote the file, a fork of another test could keep it open for writing, and
    // then it cannot be executed.
    let write = "printf '%s' \"$1\" > \"$2\" && chmod 755 \"$2\"";
    let written = Command::new("sh")
        .args(["-c", write, "sh", &script])
        .arg(&file)
        .status();
    assert!(written.unwrap().success());
    Deployment::new(&file).unwrap()
}

#[test]
fn every_unsafe_value_of_a_setting_is_tried_conf_3() {
    let folder = tempfile::tempdir().unwrap();
    assert_unsafe_settings_are_rejected(&program(folder.path(), "*mode=*"));
    for (rejected, accepted) in [("first", "second"), ("second", "first")] {
        let folder = tempfile::tempdir().unwrap();
        let program = program(folder.path(), &format!("*mode={rejected}*"));
        let failure = panic::catch_unwind(|| assert_unsafe_settings_are_rejected(&program));
        let failure = failure.expect_err("the accepted value was not found");
        let message = failure.downcast_ref::<String>().unwrap();
        assert!(
            message.contains(&format!("mode={accepted} (SEC-2)")),
            "{message}"
        );
    }
}

#[test]
fn values_below_a_bound_and_unset_settings_are_tried_conf_3() {
    let bounded = json!({ "type": "integer", "x-unsafe": [{ "id": "AUTH-2", "below": 2 }] });
    let unset =
        json!({ "type": ["string", "null"], "x-unsafe": [{ "id": "FILE-1", "value": null }] });
    for (name, schema, expected) in [
        ("iterations", bounded, "iterations=1 (AUTH-2)"),
        ("scanner", unset, "scanner= (FILE-1)"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let program = program_with(folder.path(), "*mode=*", &json!({ name: schema }));
        let failure = panic::catch_unwind(|| assert_unsafe_settings_are_rejected(&program));
        let failure = failure.expect_err("the accepted value was not found");
        let message = failure.downcast_ref::<String>().unwrap();
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn limit_whose_switch_declares_nothing_is_reported_conf_3() {
    let section = |name: &str| json!({ "properties": { name: { "type": "boolean" } } });
    for (name, member) in [
        ("rate_limit", "enabled"),
        ("limits", "enabled"),
        ("visits", "secure_cookie"),
        ("passwords", "memory_kib"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let program = program_with(folder.path(), "*mode=*", &json!({ name: section(member) }));
        let failure = panic::catch_unwind(|| assert_unsafe_settings_are_rejected(&program));
        let failure = failure.expect_err("the undeclared setting was not found");
        let message = failure.downcast_ref::<String>().unwrap();
        let expected = format!("{name}.{member} declares no unsafe value");
        assert!(message.contains(&expected), "{message}");
    }
}

#[test]
fn url_without_a_mark_is_reported_conf_3() {
    let text = |keyword: &str| json!({ "type": "string", keyword: true });
    for (name, reported) in [
        ("url", true),
        ("base_url", true),
        ("sentry_dsn", true),
        ("curl", false),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let check = |keyword: &str| {
            let further = json!({ name: text(keyword) });
            let program = program_with(folder.path(), "*mode=*", &further);
            panic::catch_unwind(|| assert_unsafe_settings_are_rejected(&program))
        };
        check("x-connects").unwrap();
        match check("x-secret") {
            Ok(()) => assert!(!reported, "{name}"),
            Err(failure) => {
                let message = failure.downcast_ref::<String>().unwrap();
                let expected = format!("{name} declares no unsafe value");
                assert!(reported && message.contains(&expected), "{message}");
            }
        }
    }
}
