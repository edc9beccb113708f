use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{SocketAddr, TcpListener},
    sync::mpsc,
    time::Duration,
};

use seaworthy_config::Loader;
use seaworthy_core::error_chain;
use seaworthy_service::{Assembly, NoSettings, Service};
use seaworthy_testkit::http::{get, request};
use serde_json::Value;

use super::{TIMEOUT, trial, until};

/// A partner that responds to each call with its name and passes on the head that it was sent.
fn partner() -> (SocketAddr, mpsc::Receiver<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (heads, received) = mpsc::channel();
    std::thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            let lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let head = lines
                .map_while(Result::ok)
                .take_while(|line| !line.is_empty());
            if heads.send(head.collect()).is_err() {
                return;
            }
            let answer = "HTTP/1.1 200 OK\r\ncontent-length: 7\r\nconnection: close\r\n\r\npartner";
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    (address, received)
}

#[test]
fn outgoing_call_carries_request_context_msg_8_life_6() {
    let (address, heads) = partner();
    let base = format!("clients.partner.base_url=http://{address}/v1");
    let mut service = trial(&["--set", &base]);
    let (public, admin) = service.addresses().unwrap();
    service.line("\"message\":\"ready\"").unwrap();
    let asked = [
        ("x-request-id", "1b4e28ba-2fa1-4d1c-883f-0016d3cca427"),
        (
            "traceparent",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00",
        ),
        ("x-request-timeout-ms", "1500"),
    ];
    let answer = request(public, "GET", "/partner", &asked, "").unwrap();
    assert_eq!((answer.status, answer.body.as_str()), (200, "partner"));
    let head = heads.recv_timeout(TIMEOUT).unwrap();
    let value = |name: &str| {
        let line = head.iter().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_default()
    };
    assert_eq!(head.first().unwrap(), "GET /v1/ HTTP/1.1");
    assert_eq!(value("x-request-id: "), asked[0].1);
    let traceparent = value("traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-");
    assert!(!traceparent.is_empty() && !traceparent.contains("00f067aa0ba902b7"));
    let left: u64 = value("x-request-timeout-ms: ").parse().unwrap();
    assert!((1..=1_500).contains(&left), "{left}");
    assert!(value("user-agent: ").starts_with("trial/"));
    let metrics = get(admin, "/metrics").unwrap().body;
    let series = r#"http_client_requests_total{client="partner",method="GET",outcome="200"} 1"#;
    assert!(metrics.contains(series), "{metrics}");
    assert!(metrics.contains(r#"circuit_breaker_state{name="partner"} 0"#));
}

#[tokio::test]
async fn client_without_base_url_fails_start_conf_1() {
    let start = async |settings: &[&str]| {
        let loader = Loader::for_tests("orders").overrides(settings.iter().copied());
        let service = Service::new("orders", "1.0.0");
        let assemble = async |service: &Assembly<NoSettings>| {
            service.http_client("stock")?;
            // Its requests name whole URLs.
            service.http_client_builder("provider").build()?;
            Ok(())
        };
        service.start(loader, assemble).await
    };
    let Err(error) = start(&[]).await else {
        panic!("a client without base_url started");
    };
    let error = error_chain(&error);
    assert!(
        error.contains("clients.stock.base_url is not set"),
        "{error}"
    );
    let service = start(&["clients.stock.base_url=http://127.0.0.1:9"]).await;
    service.unwrap().stop().await;
}

#[test]
fn unreachable_dependency_is_503_without_address_api_2() {
    // No program listens on this port, and no test gets it from the system.
    let base = "clients.partner.base_url=http://127.0.0.1:9";
    let mut service = trial(&["--set", base]);
    let (public, _) = service.addresses().unwrap();
    service.line("\"message\":\"ready\"").unwrap();
    let answer = get(public, "/partner").unwrap();
    assert_eq!(answer.status, 503, "{}", answer.body);
    assert!(answer.body.contains("DEPENDENCY_FAILED"), "{}", answer.body);
    assert!(!answer.body.contains("127.0.0.1"), "{}", answer.body);
}

#[test]
fn operators_list_hold_and_reset_breakers_res_1() {
    let (address, heads) = partner();
    let base = format!("clients.partner.base_url=http://{address}");
    let mut service = trial(&["--set", &base]);
    let (public, admin) = service.addresses().unwrap();
    service.line("\"message\":\"ready\"").unwrap();
    let breaker = || -> Value {
        let shown = get(admin, "/breakers").unwrap();
        assert_eq!(shown.status, 200, "{}", shown.body);
        let shown: Value = serde_json::from_str(&shown.body).unwrap();
        shown[0].clone()
    };
    let headers = [
        ("content-type", "application/json"),
        ("x-admin-request", "1"),
    ];
    let act = |path: &str, body: &str| {
        let path = format!("/breakers/{path}");
        request(admin, "POST", &path, &headers, body).unwrap()
    };
    assert_eq!(get(public, "/partner").unwrap().status, 200);
    heads.recv_timeout(TIMEOUT).unwrap();
    let shown = breaker();
    assert_eq!(
        (&shown["name"], &shown["state"]),
        (&"partner".into(), &"closed".into())
    );
    assert_eq!((&shown["allowed"], &shown["calls"]), (&1.into(), &1.into()));
    assert_eq!(shown["bulkhead"]["max_concurrent_calls"], 64);

    let body = r#"{"reason": "the vendor repairs", "expires_in": "2s"}"#;
    assert_eq!(
        request(
            admin,
            "POST",
            "/breakers/partner/hold-open",
            &headers[..1],
            body
        )
        .unwrap()
        .status,
        403
    );
    let answer = act("partner/hold-open", body);
    assert_eq!(answer.status, 200, "{}", answer.body);
    let line = service.line("operator holds a breaker").unwrap();
    assert!(
        line.contains("the vendor repairs") && line.contains("admin"),
        "{line}"
    );
    assert_eq!(get(public, "/partner").unwrap().status, 503);
    let shown = breaker();
    assert_eq!(
        (&shown["state"], &shown["rejected"]),
        (&"open".into(), &1.into())
    );
    assert_eq!(shown["held"]["reason"], "the vendor repairs");
    assert_eq!(shown["trips"][0]["reason"], "manual");
    assert!((0.0..=2.0).contains(&shown["held"]["expires_in"].as_f64().unwrap()));
    until("the end of the hold", || {
        // The listener limits how often it is asked.
        std::thread::sleep(Duration::from_millis(50));
        breaker()["held"].is_null()
    });
    assert_eq!(get(public, "/partner").unwrap().status, 200);

    assert_eq!(
        act("partner/hold-open", r#"{"reason": "again"}"#).status,
        200
    );
    let left = breaker()["held"]["expires_in"].as_f64().unwrap();
    assert!((890.0..=900.0).contains(&left), "{left}");
    assert_eq!(
        act("partner/reset", r#"{"reason": "repaired"}"#).status,
        200
    );
    assert_eq!(breaker()["state"], "closed");
    assert_eq!(
        act("partner/hold-closed", r#"{"reason": "a false alarm"}"#).status,
        200
    );
    assert_eq!(breaker()["held"]["hold"], "closed");

    let endless = format!(r#"{{"reason": "{}"}}"#, "again and ".repeat(100_000));
    for (path, body, status) in [
        ("partner/hold-open", &*endless, 400),
        ("partner/reset", &*endless, 400),
        (
            "partner/hold-open",
            r#"{"reason": "no time", "expires_in": "0s"}"#,
            400,
        ),
        (
            "partner/hold-closed",
            r#"{"reason": "a year", "expires_in": "8760h"}"#,
            400,
        ),
        ("partner/hold-open", r#"{"reason": " "}"#, 400),
        ("partner/hold-open", r#"{}"#, 400),
        (
            "partner/hold-open",
            r#"{"reason": "long", "expires_in": "25h"}"#,
            400,
        ),
        ("partner/reset", r#"{"reason": ""}"#, 400),
        ("unknown/reset", r#"{"reason": "why not"}"#, 404),
    ] {
        let answer = act(path, body);
        assert_eq!(answer.status, status, "{path} {body}: {}", answer.body);
    }
}

#[test]
fn operators_see_every_limit_res_5_res_6_res_7_res_8() {
    let (address, _heads) = partner();
    let base = format!("clients.partner.base_url=http://{address}");
    let policies = [
        "clients.partner.policies.rate_limit.requests=5",
        "clients.partner.policies.adaptive_concurrency.max_limit=7",
        "clients.partner.policies.hedge.delay=250ms",
        "clients.partner.policies.coalesce=true",
    ];
    let policies = policies.iter().flat_map(|policy| ["--set", policy]);
    let settings: Vec<&str> = ["--set", &base].into_iter().chain(policies).collect();
    let mut service = trial(&settings);
    let (public, admin) = service.addresses().unwrap();
    service.line("\"message\":\"ready\"").unwrap();
    let statuses = [(); 2].map(|()| get(public, "/seldom").unwrap().status);
    assert_eq!(statuses, [200, 429]);
    let shown = get(admin, "/policies").unwrap();
    assert_eq!(shown.status, 200, "{}", shown.body);
    let shown: Value = serde_json::from_str(&shown.body).unwrap();
    let partner = &shown["dependencies"][0];
    assert_eq!(
        (&partner["name"], &partner["breaker"]),
        (&"partner".into(), &"closed".into())
    );
    for (field, value) in [
        ("running", 0),
        ("waiting", 0),
        ("max_concurrent_calls", 64),
        ("rejected", 0),
    ] {
        assert_eq!(partner["bulkhead"][field], value, "{field}");
    }
    for (policy, field, value) in [
        ("rate_limit", "requests", 5.into()),
        ("rate_limit", "window", 2.0.into()),
        ("adaptive_concurrency", "limit", 7.into()),
        ("hedge", "delay", 0.25.into()),
        ("coalesce", "coalesced", 0.into()),
    ] {
        let value: Value = value;
        assert_eq!(partner[policy][field], value, "{policy} {field}");
    }
    assert_eq!(
        shown["rate_limits"],
        serde_json::json!([
            {"name": "reports", "requests": 200, "window": 2.0, "keys": 0, "rejected": 0},
            {"name": "seldom", "requests": 1, "window": 60.0, "keys": 1, "rejected": 1},
        ])
    );
    let adaptive = &shown["adaptive_concurrency"][0];
    assert_eq!(
        (
            &adaptive["name"],
            &adaptive["limit"],
            &adaptive["in_flight"],
            &adaptive["rejected"]
        ),
        (&"seldom".into(), &1_024.into(), &0.into(), &0.into())
    );
}

#[test]
fn unsupported_client_policy_fails_start_res_8() {
    let mut service = trial(&["--set", "clients.partner.policies.coalesce=true"]);
    let warning = service.line("policies.coalesce").unwrap();
    assert!(warning.contains("\"client\":\"partner\""), "{warning}");
}
