//! What is committed beside the service, for whoever deploys it: its settings, written down, by example and in the compose file of the platform.

#![expect(
    clippy::unwrap_used,
    reason = "what a test cannot unwrap has failed it"
)]

use std::{fs, net::Ipv4Addr, path::Path};

use seaworthy_testkit::{
    deployment::{Deployed, Deployment},
    http::request,
    process::ServiceProcess,
};

const AUTH: Deployed = Deployed {
    program: env!("CARGO_BIN_EXE_city-events-auth"),
    home: env!("CARGO_MANIFEST_DIR"),
    name: "auth",
    more: &["server.grpc.addr=127.0.0.1:0"],
};

#[test]
fn the_committed_documents_of_the_settings_are_current_conf_6() {
    AUTH.documents_its_settings();
}

#[test]
fn production_refuses_rate_limits_that_fail_open_res_6() {
    let example = AUTH.in_production().unwrap();
    let refused = |setting: &str| example.refused("RES-6", &[setting]).unwrap();
    let key = "rate_limit.redis.on_failure";
    assert_eq!(refused(&format!("{key}=open")), [key]);
    assert_eq!(refused(&format!("{key}=local")), [""; 0]);
}

#[test]
fn production_accepts_the_example_settings_conf_3() {
    AUTH.is_accepted_by_production();
}

#[test]
fn production_refuses_plain_and_local_browser_addresses_sec_2() {
    let unset = Deployment::new(Path::new(AUTH.program)).unwrap();
    let keys = [
        "oauth.callback_url",
        "oauth.frontend_origin",
        "password_reset.base_url",
        "server.http.cors.allowed_origins",
        "verify_email.base_url",
    ];
    assert_eq!(unset.refused("SEC-2", &[]).unwrap(), keys);

    let example = AUTH.in_production().unwrap();
    let refused = |settings: &[&str]| example.refused("SEC-2", settings).unwrap();
    assert_eq!(refused(&[]), [""; 0]);
    for origin in [
        "http://localhost:3000",
        "http://events.example.org",
        "https://localhost",
        "https://127.0.0.1:8443",
        "https://[::1]",
    ] {
        for key in ["oauth.frontend_origin", "server.http.cors.allowed_origins"] {
            let setting = format!("{key}={origin}");
            assert_eq!(refused(&[&setting]), [key], "{origin}");
            // One instance may keep its data locally. Its users still come from elsewhere.
            let embedded = "allow_embedded=true";
            assert_eq!(refused(&[&setting, embedded]), [key], "{origin}");
        }
    }
    let off = [
        "server.http.cors.enabled=false",
        "server.http.cors.allowed_origins=http://localhost:3000",
    ];
    assert_eq!(refused(&off), [""; 0]);
}

#[test]
fn it_starts_in_production_with_the_example_settings_on_real_servers_conf_3() {
    AUTH.starts_in_production_on_real_servers();
}

#[test]
fn the_variables_of_the_compose_file_are_settings_conf_1_ship_2() {
    AUTH.is_configured_by_compose();
}

/// What the settings are, as lines such as `jwt.issuer = "city-events"  # where that comes from`.
fn shown(arguments: &[&str], environment: &[(&str, &str)]) -> Vec<String> {
    let arguments = [&["config", "show"], arguments].concat();
    let process = ServiceProcess::start_as_is(Path::new(AUTH.program), &arguments, environment);
    let ended = process.unwrap().ended().unwrap();
    assert!(ended.status.success(), "{ended:#?}");
    ended.stdout
}

#[test]
fn it_reads_the_variables_of_the_contract_conf_1() {
    let given = [
        ("HTTP_ADDR", ":8087", "server.http.addr", "\":8087\""),
        (
            "HTTP_READ_TIMEOUT",
            "11s",
            "server.http.limits.head.timeout",
            "\"11s\"",
        ),
        (
            "HTTP_WRITE_TIMEOUT",
            "31s",
            "server.http.timeout",
            "\"31s\"",
        ),
        (
            "HTTP_IDLE_TIMEOUT",
            "2m",
            "server.http.limits.connections.idle_timeout",
            "\"2m\"",
        ),
        (
            "DB_ADDR",
            "postgres://auth@db.example/auth",
            "database.url",
            "\"postgres://auth@db.example/auth\"",
        ),
        (
            "RABBIT_URL",
            "amqp://auth@mq.example/city",
            "broker.url",
            "\"amqp://auth@mq.example/city\"",
        ),
        (
            "RABBIT_EXCHANGE",
            "cityevents",
            "broker.rabbitmq.exchange",
            "\"cityevents\"",
        ),
        (
            "JWT_SECRET",
            "a secret that stands in this test alone",
            "jwt.secret",
            "\"***\"",
        ),
        (
            "JWT_ISSUER",
            "auth-service",
            "jwt.issuer",
            "\"auth-service\"",
        ),
        (
            "INTERNAL_SECRET_KEY",
            "another secret of this test",
            "internal_secret",
            "\"***\"",
        ),
        ("ACCESS_TOKEN_TTL", "16m", "access_token_ttl", "\"16m\""),
        (
            "REFRESH_TOKEN_TTL",
            "167h",
            "sessions.idle_timeout",
            "\"167h\"",
        ),
        (
            "VERIFY_EMAIL_BASE_URL",
            "https://e.example/v?token=",
            "verify_email.base_url",
            "\"https://e.example/v?token=\"",
        ),
        (
            "VERIFY_EMAIL_TOKEN_TTL",
            "23h",
            "verify_email.ttl",
            "\"23h\"",
        ),
        (
            "PASSWORD_RESET_BASE_URL",
            "https://e.example/r?token=",
            "password_reset.base_url",
            "\"https://e.example/r?token=\"",
        ),
        (
            "PASSWORD_RESET_TOKEN_TTL",
            "29m",
            "password_reset.ttl",
            "\"29m\"",
        ),
        (
            "GOOGLE_CLIENT_ID",
            "city-events",
            "oauth.google.client_id",
            "\"city-events\"",
        ),
        (
            "GOOGLE_CLIENT_SECRET",
            "a third secret",
            "oauth.google.client_secret",
            "\"***\"",
        ),
        ("OAUTH_STATE_TTL", "9m", "oauth.state_ttl", "\"9m\""),
        (
            "OAUTH_CALLBACK_URL",
            "https://e.example/c",
            "oauth.callback_url",
            "\"https://e.example/c\"",
        ),
        (
            "FRONTEND_ORIGIN",
            "https://e.example",
            "oauth.frontend_origin",
            "\"https://e.example\"",
        ),
        (
            "ALLOWED_REDIRECTS",
            "/,/me",
            "oauth.allowed_redirects[1]",
            "\"/me\"",
        ),
        (
            "CDN_BASE_URL",
            "https://cdn.example",
            "cdn_base_url",
            "\"https://cdn.example\"",
        ),
    ];
    let environment = given.map(|(name, value, _, _)| (name, value));
    let lines = shown(&[], &environment);
    for (name, _, key, value) in given {
        let line = lines
            .iter()
            .find(|line| line.starts_with(&format!("{key} = ")));
        let line = line.unwrap_or_else(|| panic!("{name}: {lines:#?}"));
        assert!(
            line.starts_with(&format!("{key} = {value}")),
            "{name}: {line}"
        );
        assert!(line.contains(name), "{name}: {line}");
    }
}

#[test]
fn starts_with_contract_variables_profile_and_audit_key_conf_1() {
    let place = tempfile::tempdir().unwrap();
    let sqlite = |name: &str| format!("sqlite:{}", place.path().join(name).display());
    let (database, broker) = (sqlite("auth.db"), sqlite("broker.db"));
    let secret = "which other services show here";
    let environment = [
        ("JWT_SECRET", "a secret that stands in this test alone"),
        ("VERIFY_EMAIL_BASE_URL", "https://e.example/v?token="),
        ("PASSWORD_RESET_BASE_URL", "https://e.example/r?token="),
        ("DB_ADDR", &database),
        ("REDIS_ADDR", "127.0.0.1:6379"),
        ("RABBIT_URL", &broker),
        ("INTERNAL_SECRET_KEY", secret),
        ("HTTP_ADDR", ":0"),
        ("AUTH_SERVICE__PROFILE", "development"),
    ];
    let free = [
        "serve",
        "--set",
        "admin.addr=127.0.0.1:0",
        "--set",
        "server.grpc.addr=127.0.0.1:0",
        "--set",
        "log.format=json",
        "--set",
        "database.migrate_at_start=true",
        "--set",
        "audit_log.key=what the chain of records is keyed with",
    ];
    let program = Path::new(AUTH.program);
    let mut process = ServiceProcess::start_as_is(program, &free, &environment).unwrap();
    let (http, _) = process.addresses().unwrap();
    process.line("\"message\":\"ready\"").unwrap();
    assert!(http.ip().is_unspecified(), "{http}");
    let http = (Ipv4Addr::LOCALHOST, http.port()).into();
    let ask = |secret: &str| {
        let headers = [("x-internal-secret", secret)];
        request(http, "GET", "/internal/users/nobody", &headers, "").unwrap()
    };
    assert_eq!((ask(secret).status, ask("another").status), (404, 401));
}

#[test]
fn the_secret_of_the_door_is_not_that_of_all_services_auth_6() {
    let secret = "a secret that stands in this test alone";
    for key in ["SECRET", "ALSO_BELIEVED"] {
        let calls = format!("AUTH_SERVICE__SERVICE_CALLS__{key}");
        let told = why_it_does_not_start(&[("JWT_SECRET", secret), (&calls, secret)]);
        let key = format!("service_calls.{}", key.to_lowercase());
        assert!(told.contains(&key), "{told}");
    }
}

fn why_it_does_not_start(environment: &[(&str, &str)]) -> String {
    let program = Path::new(AUTH.program);
    let process = ServiceProcess::start(program, &[], environment).unwrap();
    let ended = process.ended().unwrap();
    assert!(!ended.status.success(), "{ended:#?}");
    ended.stderr
}

#[test]
fn no_token_outlives_what_is_remembered_of_those_that_were_taken_back_auth_3() {
    let told = why_it_does_not_start(&[
        ("JWT_SECRET", "a secret that stands in this test alone"),
        ("ACCESS_TOKEN_TTL", "25h"),
    ]);
    assert!(told.contains("access_token_ttl is longer"), "{told}");
}

#[test]
fn what_is_said_of_the_provider_takes_nothing_back_that_is_not_said_auth_4() {
    let kept = "clients.google.propagation = \"none\"";
    let is_kept = |lines: Vec<String>| lines.iter().any(|line| line.starts_with(kept));
    let policy = "clients.google.policies.attempt_timeout";
    assert!(is_kept(shown(&["--set", &format!("{policy}=9s")], &[])));
    assert!(is_kept(shown(
        &["--set", "clients.google.redirects.max_redirects=0"],
        &[]
    )));
    let other = shown(&["--set", "clients.other.policies.attempt_timeout=9s"], &[]);
    assert!(is_kept(other), "of another client");
    let place = tempfile::tempdir().unwrap();
    let text = "clients:\n  google:\n    policies: { attempt_timeout: 9s }\n";
    fs::write(place.path().join("config.yaml"), text).unwrap();
    let folder = place.path().display().to_string();
    let lines = shown(&["--config", &folder], &[]);
    let line = lines.iter().find(|line| line.starts_with(policy)).unwrap();
    assert!(line.contains("\"9s\""), "{line}");
    assert!(is_kept(lines), "a file");
}

/// Returns the program with a database in a folder and all required settings.
fn serve_over(folder: &Path, more: &[&str]) -> ServiceProcess {
    let sqlite = |key: &str, name: &str| format!("{key}=sqlite:{}", folder.join(name).display());
    let settings = [
        sqlite("database.url", "auth.db"),
        sqlite("broker.url", "broker.db"),
        "jwt.secret=a secret that stands in this test alone".to_owned(),
        "audit_log.key=what the chain of records is keyed with".to_owned(),
        "service_calls.secret=another secret that stands in this test alone".to_owned(),
        "server.grpc.addr=127.0.0.1:0".to_owned(),
        "database.migrate_at_start=true".to_owned(),
    ];
    let set = settings.iter().flat_map(|setting| ["--set", setting]);
    let arguments: Vec<&str> = set.chain(more.iter().copied()).collect();
    ServiceProcess::start(Path::new(AUTH.program), &arguments, &[]).unwrap()
}

/// Whether the published password opens the account of the admin.
fn is_seeded(process: &mut ServiceProcess) -> bool {
    let (http, _) = process.addresses().unwrap();
    process.line("\"message\":\"ready\"").unwrap();
    let http = (Ipv4Addr::LOCALHOST, http.port()).into();
    let body = format!(
        r#"{{"email":"admin@example.com","password":"{}"}}"#,
        city_events_auth::SEED_PASSWORD
    );
    let headers = [("content-type", "application/json")];
    let status = request(http, "POST", "/auth/v1/login", &headers, &body)
        .unwrap()
        .status;
    assert!([200, 401].contains(&status), "{status}");
    status == 200
}

const EXPOSED: &str = "server.http.addr=0.0.0.0:0";

#[test]
fn exposed_service_seeds_no_accounts_auth_2() {
    let place = tempfile::tempdir().unwrap();
    let exposed = ["--profile", "development", "--set", EXPOSED];
    assert!(!is_seeded(&mut serve_over(place.path(), &exposed)));
}

#[test]
fn refuses_published_passwords_when_exposed_auth_2() {
    let place = tempfile::tempdir().unwrap();
    assert!(is_seeded(&mut serve_over(place.path(), &[])));
    for more in [
        &["--profile", "development", "--set", EXPOSED][..],
        &["--profile", "staging", "--set", "admin.addr=127.0.0.1:0"],
        &["--set", "reject_default_passwords=true"],
    ] {
        let ended = serve_over(place.path(), more).ended().unwrap();
        assert_eq!(ended.status.code(), Some(1), "{more:?} {ended:#?}");
        for name in ["admin", "moderator", "user"] {
            let address = format!("{name}@example.com");
            assert!(ended.stderr.contains(&address), "{more:?} {ended:#?}");
        }
    }
}
