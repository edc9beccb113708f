use std::{fs, os::unix::fs::symlink, path::Path};

use rustix::process::Signal;
use seaworthy_testkit::{
    authority::Authority,
    http::{get, request},
    process::{ProcessOutput, ServiceProcess, example},
    requirement::required,
    vault::VaultServer,
};
use serde_json::{Value, json};

use super::{trial, until};

fn run(arguments: &[&str]) -> ProcessOutput {
    let process = ServiceProcess::spawn(&example("trial"), arguments, &[("LOG_LEVEL", "info")]);
    process.unwrap().wait_with_output().unwrap()
}

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

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
fn a_hangup_takes_new_certificates_too_conf_4_sec_1() {
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
    let said = shown + &ended.stdout.concat() + &ended.stderr;
    for secret in ["first-key", "the-second-key"] {
        assert!(!said.contains(secret), "{said}");
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
    // A vault that is away makes no container unwell.
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
    let said = ended.stdout.concat() + &ended.stderr;
    assert!(
        !said.contains("first-key") && !said.contains("second-key"),
        "{said}"
    );
}

#[test]
fn admin_listener_speaks_tls_and_health_command_too_sec_1() {
    let authority = Authority::new("operators").unwrap();
    let identity = authority.server().unwrap();
    let certificate = format!("admin.tls.certificate={}", text(&identity.certificate));
    let key = format!("admin.tls.key={}", text(&identity.key));
    let tls = ["--set", &*certificate, "--set", &*key];
    let mut service = trial(&tls);
    let (_, admin) = service.addresses().unwrap();
    service.line("\"message\":\"ready\"").unwrap();
    assert!(get(admin, "/livez").is_err());
    let address = format!("admin.addr={admin}");
    let probe = ["health", "--set", "number=1", "--set", &*address];
    let encrypted = run(&[&probe[..], &tls].concat());
    assert_eq!(encrypted.status.code(), Some(0), "{encrypted:?}");
    assert_ne!(run(&probe).status.code(), Some(0));

    let required = "admin.tls.client_certificates=required";
    let authorities = format!("admin.tls.client_ca={}", text(&authority.certificate()));
    let more = ["config", "check", "--set", required, "--set", &*authorities];
    let refused = run(&[&more[..], &tls].concat());
    assert_eq!(refused.status.code(), Some(78), "{refused:?}");
    let found = refused.stdout.concat() + &refused.stderr;
    assert!(found.contains("admin.tls.client_certificates"), "{found}");
}

#[test]
fn admin_actions_need_token_and_custom_header_sec_2() {
    let mut service = ServiceProcess::start(
        &example("trial"),
        &["--set", "admin.token=env:TRIAL_TOKEN"],
        &[("TRIAL_TOKEN", "operators-only-0123456789abcdef")],
    )
    .unwrap();
    let (_, admin) = service.addresses().unwrap();
    assert_eq!(get(admin, "/livez").unwrap().status, 200);
    assert_eq!(get(admin, "/config").unwrap().status, 401);
    assert_eq!(get(admin, "/info").unwrap().status, 401);
    let metrics = get(admin, "/metrics").unwrap().body;
    assert!(
        metrics.contains("auth_failures_total{reason=\"ADMIN_TOKEN_REQUIRED\"} 2"),
        "{metrics}"
    );
    let token = ("authorization", "Bearer operators-only-0123456789abcdef");
    let shown = request(admin, "GET", "/config", &[token], "").unwrap();
    assert_eq!(shown.status, 200);
    assert!(!shown.body.contains("operators-only"), "{}", shown.body);
    let act = |headers: &[(&str, &str)]| {
        let answer = request(admin, "POST", "/config/reload", headers, "").unwrap();
        answer.status
    };
    let header = ("x-admin-request", "1");
    assert_eq!(act(&[token]), 403);
    assert_eq!(act(&[header]), 401);
    assert_eq!(act(&[token, header]), 200);
}

#[test]
fn rotated_admin_token_takes_effect_conf_5() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    let [first, second] = [
        "operators-only-0123456789abcdef",
        "operators-only-fedcba9876543210",
    ];
    fs::write(&file, first).unwrap();
    let token = format!("admin.token=file:{}", file.display());
    let mut service = trial(&["--set", &token]);
    let (_, admin) = service.addresses().unwrap();
    let status = |token: &str| {
        let bearer = format!("Bearer {token}");
        let header = ("authorization", bearer.as_str());
        request(admin, "GET", "/config", &[header], "")
            .unwrap()
            .status
    };
    assert_eq!((status(first), status(second)), (200, 401));
    fs::write(&file, second).unwrap();
    service.signal(Signal::HUP).unwrap();
    until("the second token", || status(second) == 200);
    assert_eq!(status(first), 401);
}

#[test]
fn admin_refuses_requests_of_pages_of_other_sites_auth_5() {
    let mut service = trial(&[]);
    let (_, admin) = service.addresses().unwrap();
    for (site, status) in [
        ("cross-site", 403),
        ("same-site", 403),
        ("same-origin", 200),
        ("none", 200),
    ] {
        let header = ("sec-fetch-site", site);
        let answer = request(admin, "GET", "/config", &[header], "").unwrap();
        assert_eq!(answer.status, status, "{site}");
    }
}

#[test]
fn admin_listener_without_token_rejects_foreign_hosts_auth_5() {
    let mut service = trial(&[]);
    let (_, admin) = service.addresses().unwrap();
    let ask = |path: &str, host: &str| {
        let mut client = std::net::TcpStream::connect(admin).unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        std::io::Write::write_all(&mut client, request.as_bytes()).unwrap();
        let mut answer = String::new();
        std::io::Read::read_to_string(&mut client, &mut answer).unwrap();
        answer
    };
    let name = format!("rebind.attacker.example:{}", admin.port());
    for path in ["/config", "/metrics", "/", "/nowhere"] {
        let rebound = ask(path, &name);
        assert!(rebound.starts_with("HTTP/1.1 403 "), "{path}: {rebound}");
    }
    // Orchestrators request probes under any host name.
    assert!(ask("/livez", &name).starts_with("HTTP/1.1 200 "));
    let answer = |host: &str| ask("/config", host);
    for host in [
        format!("127.0.0.1:{}", admin.port()),
        "localhost".to_owned(),
        "[::1]:9900".to_owned(),
    ] {
        assert!(answer(&host).starts_with("HTTP/1.1 200 "), "{host}");
    }
}

#[test]
fn exposed_service_without_profile_is_refused_conf_3() {
    for key in ["server.http.addr", "admin.addr"] {
        let set = format!("{key}=0.0.0.0:0");
        let ended = run(&["serve", "--set", &set]);
        assert_eq!(ended.status.code(), Some(78), "{ended:#?}");
        for expected in [key, "TRIAL__PROFILE", "0.0.0.0:0"] {
            assert!(ended.stderr.contains(expected), "{}", ended.stderr);
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
}
