//! Access to the admin listener.

use std::fs;

use rustix::process::Signal;
use seaworthy_testkit::{
    authority::Authority,
    http::{get, request},
    process::{ServiceProcess, example},
};

use super::{run, text, trial, until};

#[test]
fn admin_listener_and_health_command_use_tls_sec_1() {
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
    let rejected = run(&[&more[..], &tls].concat());
    assert_eq!(rejected.status.code(), Some(78), "{rejected:?}");
    let found = rejected.stdout.concat() + &rejected.stderr;
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
fn admin_rejects_requests_of_pages_of_other_sites_auth_5() {
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
