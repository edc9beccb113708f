use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
};

use seaworthy_testkit::{
    http::{HttpResponse, get, request},
    process::ServiceProcess,
};
use serde_json::{Value, json};

use super::{trial, until};

fn ready(arguments: &[&str]) -> ServiceProcess {
    let mut service = trial(arguments);
    service.line("\"message\":\"ready\"").unwrap();
    service
}

/// The next line of the log that holds `part`, as a document.
fn log_line(service: &mut ServiceProcess, part: &str) -> Value {
    serde_json::from_str(&service.line(part).unwrap()).unwrap()
}

fn change(answer: &HttpResponse) -> Value {
    serde_json::from_str(&answer.body).unwrap()
}

#[test]
fn response_and_log_lines_have_request_id_and_trace_obs_7() {
    let mut service = ready(&[]);
    let (public, _) = service.addresses().unwrap();
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let parent = format!("00-{trace}-00f067aa0ba902b7-01");
    let answer = request(
        public,
        "GET",
        "/spawned",
        &[("x-request-id", "order-4711"), ("traceparent", &parent)],
        "",
    )
    .unwrap();
    assert_eq!(answer.header("x-request-id"), Some("order-4711"));
    assert!(answer.header("traceparent").unwrap().contains(trace));
    // The task that the handler spawned knew it too, in its value and in its line.
    assert_eq!(answer.body, "order-4711");
    for line in [
        log_line(&mut service, "the spawned task looks"),
        log_line(&mut service, "\"route\":\"/spawned\""),
    ] {
        assert_eq!(line["request_id"], "order-4711", "{line}");
        assert_eq!(line["trace_id"], trace, "{line}");
        assert_eq!(line["service"], "trial", "{line}");
        assert!(
            line["version"].is_string() && line["span_id"].is_string(),
            "{line}"
        );
    }
}

#[test]
fn malformed_request_ids_and_traces_are_replaced_obs_6_obs_7() {
    let mut service = ready(&[]);
    let (public, _) = service.addresses().unwrap();
    for (id, parent) in [
        (
            "a b",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        ),
        (
            "x\ty",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        ),
        (
            &"x".repeat(300),
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ),
        ("<script>", "garbage"),
    ] {
        let answer = request(
            public,
            "GET",
            "/spawned",
            &[("x-request-id", id), ("traceparent", parent)],
            "",
        )
        .unwrap();
        let given = answer.header("x-request-id").unwrap();
        assert_ne!(given, id);
        assert_eq!(given.len(), 36, "{given} is not a UUID");
        assert_eq!(answer.body, given);
        let trace = answer
            .header("traceparent")
            .unwrap()
            .split('-')
            .nth(1)
            .unwrap()
            .to_owned();
        assert!(
            !parent.contains(&trace) && trace != "0".repeat(32),
            "{trace}"
        );
    }
}

#[test]
fn panic_is_500_with_request_id_metric_and_log_line_obs_8() {
    let mut service = ready(&[]);
    let (public, admin) = service.addresses().unwrap();
    let answer = request(public, "GET", "/panic", &[("x-request-id", "panics-1")], "").unwrap();
    assert_eq!(answer.status, 500);
    assert!(!answer.body.contains("secret detail"), "{}", answer.body);
    assert!(answer.body.contains("panics-1"), "{}", answer.body);
    assert_eq!(
        log_line(&mut service, "a secret detail of the handler")["request_id"],
        "panics-1"
    );
    let metrics = get(admin, "/metrics").unwrap().body;
    let panics: Vec<_> = metrics
        .lines()
        .filter(|line| line.starts_with("panics_total"))
        .collect();
    assert!(panics.iter().any(|line| line.ends_with(" 1")), "{panics:?}");
    assert_eq!(get(public, "/").unwrap().status, 200);
}

#[test]
fn unknown_paths_and_methods_are_problem_documents_sec_4() {
    let mut service = ready(&[]);
    let (public, _) = service.addresses().unwrap();
    let missing = get(public, "/nothing").unwrap();
    let wrong = request(public, "DELETE", "/", &[], "").unwrap();
    for (answer, status) in [(&missing, 404), (&wrong, 405)] {
        assert_eq!(answer.status, status);
        assert_eq!(
            answer.header("content-type"),
            Some("application/problem+json")
        );
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("server"), None);
        assert_eq!(
            change(answer)["request_id"],
            answer.header("x-request-id").unwrap()
        );
    }
    assert_eq!(wrong.header("allow"), Some("GET, HEAD, OPTIONS"));
}

#[test]
fn slow_or_large_body_is_problem_document_sec_3() {
    let mut service = ready(&[
        "--set",
        "server.http.limits.body.timeout=300ms",
        "--set",
        "server.http.max_body_size=16B",
    ]);
    let (public, _) = service.addresses().unwrap();
    let head = "POST /echo HTTP/1.1\r\nhost: trial\r\nconnection: close\r\n";
    for (rest, status, reason) in [
        ("content-length: 10\r\n\r\nslow", 408, "BODY_TOO_SLOW"),
        (
            "transfer-encoding: chunked\r\n\r\n14\r\n01234567890123456789\r\n0\r\n\r\n",
            413,
            "BODY_TOO_LARGE",
        ),
        (
            "content-length: 20\r\n\r\n01234567890123456789",
            413,
            "BODY_TOO_LARGE",
        ),
    ] {
        let mut client = TcpStream::connect(public).unwrap();
        client
            .write_all(format!("{head}{rest}").as_bytes())
            .unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{answer}"
        );
        assert!(
            answer.contains(reason) && answer.contains("application/problem+json"),
            "{answer}"
        );
    }
}

#[test]
fn log_level_changes_at_run_time_and_reverts_obs_1() {
    let mut service = ready(&["--set", "log.targets.trial=warn"]);
    let (_, admin) = service.addresses().unwrap();
    let body =
        json!({ "target": "trial", "level": "info", "expires_in": "500ms", "reason": "a look" })
            .to_string();
    let headers = [
        ("content-type", "application/json"),
        ("x-admin-request", "1"),
    ];
    assert_eq!(
        request(admin, "PUT", "/log-level", &[headers[0]], &body)
            .unwrap()
            .status,
        403
    );
    let answer = request(admin, "PUT", "/log-level", &headers, &body).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.body);
    service.line("\"message\":\"tick\"").unwrap();
    until("the return of the level", || {
        !get(admin, "/log-level").unwrap().body.contains("a look")
    });
}

#[test]
fn operators_see_the_service_its_settings_and_its_workers_work_1() {
    let mut service = ready(&[]);
    let (_, admin) = service.addresses().unwrap();
    for path in [
        "/",
        "/info",
        "/config",
        "/workers",
        "/log-level",
        "/metrics",
        "/readyz",
    ] {
        let answer = get(admin, path).unwrap();
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    }
    let headers = [("x-admin-request", "1")];
    let changed = |what: &str| {
        request(
            admin,
            "POST",
            &format!("/workers/ticker/{what}"),
            &headers,
            "",
        )
        .unwrap()
    };
    assert!(changed("pause").status < 300);
    assert!(
        get(admin, "/workers")
            .unwrap()
            .body
            .contains("\"paused\":true")
    );
    assert!(changed("resume").status < 300);
    assert!(changed("run").status < 300);
    assert_eq!(
        request(admin, "POST", "/workers/unknown/run", &headers, "")
            .unwrap()
            .status,
        404
    );
}
