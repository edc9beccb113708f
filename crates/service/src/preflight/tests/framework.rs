//! Preflight on the settings types of the framework, read by the loader as at a start.

use seaworthy_config::{Environment, Loader, Profile};

use crate::{NoSettings, settings};

/// Settings that preflight accepts, so that each test adds one unsafe value.
const SAFE: [&str; 3] = [
    "behind_tls_proxy=true",
    "server.http.addr=0.0.0.0:8000",
    "server.grpc.addr=0.0.0.0:7000",
];

fn violations(overrides: &[&str]) -> Vec<(String, String)> {
    let schema = settings::schema::<NoSettings>();
    let loaded = Loader::new("orders")
        .profile(Profile::Production)
        .environment(Environment::default())
        .overrides(overrides.iter().copied())
        .load(&schema)
        .unwrap();
    settings::violations(&loaded)
        .into_iter()
        .map(|violation| (violation.id.into_owned(), violation.key))
        .collect()
}

/// Adds settings, separated by `&`, to the safe ones.
fn with(settings: &str) -> Vec<(String, String)> {
    let overrides: Vec<_> = SAFE.into_iter().chain(settings.split('&')).collect();
    violations(&overrides)
}

#[test]
fn accepts_safe_settings_conf_3() {
    assert_eq!(violations(&SAFE), []);
}

#[test]
fn rules_find_the_settings_of_the_framework_conf_3() {
    let http_tls = "server.http.tls.certificate=c&server.http.tls.key=k";
    let grpc_tls = "server.grpc.tls.certificate=c&server.grpc.tls.key=k";
    let origins = "server.http.cors.allowed_origins";
    let plain_origin = format!("server.http.cors.enabled=true&{origins}=http://app.example.org");
    for (settings, id, key) in [
        (
            &*format!("behind_tls_proxy=false&{grpc_tls}"),
            "SEC-1",
            "server.http.tls",
        ),
        (
            &*format!("behind_tls_proxy=false&{http_tls}"),
            "SEC-1",
            "server.grpc.tls",
        ),
        ("admin.addr=0.0.0.0:9900", "AUTH-5", "admin.addr"),
        ("server.http.cors.enabled=true", "SEC-2", origins),
        ("server.http.cors.allowed_origins=*", "SEC-2", origins),
        (&plain_origin, "SEC-2", origins),
        (
            "server.http.trusted_proxies=10.0.0.0/8,0.0.0.0/0",
            "SEC-6",
            "server.http.trusted_proxies",
        ),
        (
            "clients.orders.base_url=http://orders.internal",
            "SEC-1",
            "clients.orders.base_url",
        ),
        (
            "clients.orders.base_url=https://localhost",
            "CONF-7",
            "clients.orders.base_url",
        ),
        (
            "tracing.endpoint=http://collector.internal:4318",
            "SEC-1",
            "tracing.endpoint",
        ),
    ] {
        assert_eq!(
            with(settings),
            [(id.to_owned(), key.to_owned())],
            "{settings}"
        );
    }
}

#[test]
fn types_of_the_framework_declare_unsafe_values_conf_3() {
    for (setting, id) in [
        ("server.grpc.trusted_proxies=::/0", "SEC-6"),
        ("server.http.rate_limit.enabled=false", "RES-6"),
        ("server.grpc.rate_limit.enabled=false", "RES-6"),
        ("server.http.rate_limit.requests=1000001", "RES-6"),
        ("server.http.rate_limit.burst=1000001", "RES-6"),
        ("server.http.rate_limit.window=99ms", "RES-6"),
        ("server.grpc.rate_limit.limits.daily.window=1ms", "RES-6"),
        ("server.http.reject_cross_site_cookies=false", "SEC-2"),
        ("clients.orders.redirects.allow_downgrade=true", "SEC-1"),
        ("server.http.rate_limit.redis.on_failure=open", "RES-6"),
        ("server.grpc.rate_limit.redis.on_failure=open", "RES-6"),
        ("server.http.load_shed.max_in_flight=1000001", "RES-7"),
        ("server.http.load_shed.max_queue_delay=1m", "RES-7"),
        ("server.http.timeout=2h", "RES-3"),
        ("server.grpc.timeout=2h", "RES-3"),
        ("lifecycle.total_timeout=1h", "LIFE-4"),
        ("log.level=debug", "OBS-1"),
        ("log.targets.hyper=trace", "OBS-1"),
        ("log.redaction.sensitive_fields=false", "OBS-3"),
        ("log.redaction.tokens=false", "OBS-3"),
        ("log.redaction.emails=false", "OBS-3"),
        ("log.redaction.cards=false", "OBS-3"),
        ("log.redaction.phone_numbers=false", "OBS-3"),
        ("log.output=file", "OBS-1"),
        ("log.output=both", "OBS-1"),
    ] {
        let (key, _) = setting.split_once('=').unwrap();
        assert_eq!(
            with(setting),
            [(id.to_owned(), key.to_owned())],
            "{setting}"
        );
    }
    let large = "server.http.max_body_size=10GiB&server.max_body_memory=10GiB";
    let refused = ("SEC-3".to_owned(), "server.http.max_body_size".to_owned());
    assert!(with(large).contains(&refused));
}

#[test]
fn accepts_values_at_the_bounds_conf_3() {
    for safe in [
        "server.http.rate_limit.requests=1000000",
        "server.http.rate_limit.window=100ms",
        "server.http.timeout=10m",
        "server.http.max_body_size=64MiB",
        "lifecycle.total_timeout=5m",
        "log.level=warn",
        "log.output=stdout",
        "tracing.endpoint=https://collector.internal:4318",
        // A collector may run on each machine.
        "tracing.endpoint=http://127.0.0.1:4318",
        "tracing.endpoint=http://localhost:4318",
    ] {
        assert_eq!(with(safe), [], "{safe}");
    }
}

#[test]
fn requires_explicit_listener_addresses_conf_7() {
    let found = violations(&["behind_tls_proxy=true"]);
    let key = "server.http.addr".to_owned();
    assert_eq!(found, [("CONF-7".to_owned(), key)]);
}

#[test]
fn finds_admin_token_and_body_budget_by_their_keys_conf_3() {
    let found = with("admin.addr=0.0.0.0:9900&admin.token=a");
    let weak = ("AUTH-5".to_owned(), "admin.token".to_owned());
    assert!(found.contains(&weak), "{found:?}");
    let loaded = Loader::new("orders")
        .environment(Environment::default())
        .load(&settings::schema::<NoSettings>())
        .unwrap();
    assert!(loaded.origin("server.max_body_memory").is_some());
}
