//! Settings, certificates and secrets that change while the service runs.

use std::{fs, os::unix::fs::symlink, path::Path};

use rustix::process::Signal;
use seaworthy_testkit::{
    http::{get, request},
    process::{ServiceProcess, example},
    requirement::required,
    vault::VaultServer,
};
use serde_json::json;

use super::{folder, text, trial, until};

#[test]
fn reload_applies_valid_files_only_conf_4() {
    let folder = folder(&[("config.yaml", "number: 1\n")]);
    let file = folder.path().join("config.yaml");
    let mut service = trial(&["--config", text(folder.path())]);
    let (public, admin) = service.addresses().unwrap();
    service.line("\"message\":\"ready\"").unwrap();
    assert_eq!(get(public, "/number").unwrap().body, "1");

    fs::write(&file, "number: 2\n").unwrap();
    service.signal(Signal::HUP).unwrap();
    until("number 2", || get(public, "/number").unwrap().body == "2");

    fs::write(&file, "number: none\n").unwrap();
    service.signal(Signal::HUP).unwrap();
    service.line("config.yaml:1:9").unwrap();
    assert_eq!(get(public, "/number").unwrap().body, "2");
    let metrics = get(admin, "/metrics").unwrap().body;
    let failures = metrics
        .lines()
        .find(|line| line.starts_with("config_reload_failures_total"))
        .unwrap();
    assert!(!failures.ends_with(" 0"), "{failures}");

    // Without a signal, by the change of the file alone.
    fs::write(&file, "number: 3\n").unwrap();
    until("number 3", || get(public, "/number").unwrap().body == "3");
}

#[test]
fn reload_rejects_unsafe_settings_in_production_conf_3_conf_4() {
    let safe = "behind_tls_proxy: true\nnumber: 1\nserver:\n  http:\n    cors:\n      enabled: true\n      allowed_origins: [\"https://app.example\"]\n";
    let folder = folder(&[("config.yaml", safe), ("config.production.yaml", "{}\n")]);
    let file = folder.path().join("config.yaml");
    let arguments = ["--profile", "production", "--config", text(folder.path())];
    let mut service = ServiceProcess::start(&example("trial"), &arguments, &[]).unwrap();
    let (public, admin) = service.addresses().unwrap();
    service.line("\"message\":\"ready\"").unwrap();
    for (unsafe_or_wrong, expected) in [("*", "SEC-2"), ("nonsense/", "is not a valid origin")] {
        let changed = safe
            .replace("https://app.example", unsafe_or_wrong)
            .replace("number: 1", "number: 2");
        fs::write(&file, changed).unwrap();
        service.signal(Signal::HUP).unwrap();
        service.line(expected).unwrap();
        assert_eq!(get(public, "/number").unwrap().body, "1");
        let evil = [("origin", "https://evil.example")];
        let answer = request(public, "GET", "/", &evil, "").unwrap();
        assert_eq!(answer.header("access-control-allow-origin"), None);
    }
    let metrics = get(admin, "/metrics").unwrap().body;
    let failures = metrics
        .lines()
        .find(|line| line.starts_with("config_reload_failures_total"))
        .unwrap();
    assert!(!failures.ends_with(" 0"), "{failures}");
}

#[test]
fn hangup_applies_new_certificates_conf_4_sec_1() {
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = (folder.path().join("tls.crt"), folder.path().join("tls.key"));
    let write = || {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        fs::write(&certificate, made.cert.pem()).unwrap();
    };
    write();
    let mut service = trial(&[
        "--set",
        &format!("server.http.tls.certificate={}", text(&certificate)),
        "--set",
        &format!("server.http.tls.key={}", text(&key)),
        "--set",
        "server.http.tls.reload_interval=1h",
    ]);
    service.line("\"message\":\"ready\"").unwrap();
    write();
    service.signal(Signal::HUP).unwrap();
    service.line("new TLS files are in use").unwrap();
}

/// Writes a secret as Kubernetes does: `key` leads to `..data/key`, and one rename of `..data` to a
/// new folder replaces all keys at once.
fn mount(volume: &Path, version: &str, secret: &str) {
    let folder = volume.join(version);
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("key"), secret).unwrap();
    symlink(version, volume.join("..data_tmp")).unwrap();
    fs::rename(volume.join("..data_tmp"), volume.join("..data")).unwrap();
    if !volume.join("key").exists() {
        symlink("..data/key", volume.join("key")).unwrap();
    }
}

#[test]
fn rotated_kubernetes_secret_is_applied_and_not_shown_conf_5() {
    let volume = tempfile::tempdir().unwrap();
    mount(volume.path(), "..2026_11_22", "first-key");
    let key = format!("key=file:{}", volume.path().join("key").display());
    let mut service = trial(&["--set", &key]);
    let (public, admin) = service.addresses().unwrap();
    service.line("\"message\":\"ready\"").unwrap();
    assert_eq!(get(public, "/key-length").unwrap().body, "9");
    // Kubernetes deletes the former folder after the swap.
    mount(volume.path(), "..2026_11_23", "the-second-key");
    fs::remove_dir_all(volume.path().join("..2026_11_22")).unwrap();
    until("the rotation", || {
        get(public, "/key-length").unwrap().body == "14"
    });
    service.line("settings reloaded").unwrap();
    // A volume without the key changes nothing.
    fs::create_dir(volume.path().join("..2026_11_24")).unwrap();
    symlink("..2026_11_24", volume.path().join("..data_tmp")).unwrap();
    fs::rename(
        volume.path().join("..data_tmp"),
        volume.path().join("..data"),
    )
    .unwrap();
    service.signal(Signal::HUP).unwrap();
    service
        .line("reload failed: the settings have errors")
        .unwrap();
    assert_eq!(get(public, "/key-length").unwrap().body, "14");

    let shown = get(admin, "/config").unwrap().body;
    service.signal(Signal::TERM).unwrap();
    let ended = service.wait_with_output().unwrap();
    let output = shown + &ended.stdout.concat() + &ended.stderr;
    for secret in ["first-key", "the-second-key"] {
        assert!(!output.contains(secret), "{output}");
    }
}

#[test]
fn rotated_vault_secret_is_applied_and_not_shown_conf_5() {
    let Some(program) = required("SEAWORTHY_TEST_VAULT") else {
        return;
    };
    let mut vault = VaultServer::start(program).unwrap();
    vault.put("trial", &json!({ "key": "first-key" })).unwrap();
    let policy = r#"path "secret/data/trial" { capabilities = ["read"] }"#;
    let token = vault.token(policy, 0).unwrap();
    let arguments = [
        "--set",
        "key=vault:secret/trial#key",
        "--set",
        "secrets.refresh_interval=100ms",
    ];
    let url = vault.url();
    let environment = [
        ("VAULT_ADDR", url.as_str()),
        ("VAULT_TOKEN", token.as_str()),
    ];
    let mut service = ServiceProcess::start(&example("trial"), &arguments, &environment).unwrap();
    let (public, admin) = service.addresses().unwrap();
    service.line("\"message\":\"ready\"").unwrap();
    assert_eq!(get(public, "/key-length").unwrap().body, "9");
    let second = json!({ "key": "the-second-key" });
    vault.put("trial", &second).unwrap();
    until("the rotation", || {
        get(public, "/key-length").unwrap().body == "14"
    });
    service.line("settings reloaded").unwrap();
    let shown = get(admin, "/config").unwrap().body;
    assert!(
        shown.contains("vault:secret/trial#key") || shown.contains("***"),
        "{shown}"
    );
    assert!(
        !shown.contains("first-key") && !shown.contains("second-key"),
        "{shown}"
    );
    // An unavailable Vault does not make the container unhealthy.
    vault.kill();
    let place = format!("admin.addr={admin}");
    let probe = [
        "health",
        "--set",
        "key=vault:secret/trial#key",
        "--set",
        &place,
    ];
    let probed = ServiceProcess::spawn(&example("trial"), &probe, &environment)
        .unwrap()
        .wait_with_output()
        .unwrap();
    assert_eq!(probed.status.code(), Some(0), "{}", probed.stderr);
    service.signal(Signal::TERM).unwrap();
    let ended = service.wait_with_output().unwrap();
    let output = ended.stdout.concat() + &ended.stderr;
    assert!(
        !output.contains("first-key") && !output.contains("second-key"),
        "{output}"
    );
}
