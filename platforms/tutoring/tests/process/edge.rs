//! Limits, headers and origins at the gateway.

use std::{
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
};

use seaworthy::data::sql;
use serde_json::{Value, json};
use tutoring_admin::{SEED_EMAIL, SEED_PASSWORD};
use tutoring_contract::Role;
use tutoring_testkit::token;
use uuid::Uuid;

use crate::app::{TestPlatform, assert_error, json_of, outcome, tokens};

const PAGE: &str = "https://app.example.org";

/// Starts a service that responds with the head of the request, and never responds to `/slow`.
fn upstream() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    // The thread ends with the process.
    std::thread::spawn(move || {
        let mut silent = Vec::new();
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let head: Vec<_> = reader
                .by_ref()
                .lines()
                .map_while(Result::ok)
                .take_while(|line| !line.is_empty())
                .collect();
            if head.first().is_none_or(|line| line.contains("/slow")) {
                silent.push(stream);
                continue;
            }
            let body = json!({ "head": head }).to_string();
            let length = body.len();
            let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\naccess-control-allow-origin: *";
            write!(stream, "{head}\r\ncontent-length: {length}\r\n\r\n{body}").unwrap();
            // A close with an unread body would reset the connection, and could discard the
            // response.
            stream.shutdown(Shutdown::Write).unwrap();
            drop(io::copy(&mut reader, &mut io::sink()));
        }
    });
    address
}

async fn start(more: &[&str]) -> TestPlatform {
    let course = format!("gateway.clients.course.base_url=http://{}", upstream());
    let more = more.iter().map(|setting| (*setting).to_owned());
    TestPlatform::with(std::iter::once(course).chain(more).collect()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn limits_have_legacy_headers_res_6() {
    let app = start(&[
        "gateway.limits.public=3",
        "gateway.limits.student=4",
        "gateway.limits.trainer=5",
        "gateway.limits.admin=6",
        "payment.limits.enabled=true",
        "payment.limits.create=1",
        "payment.limits.webhook=1",
    ])
    .await;
    let call = || app.send("GET", "/api/v1/courses", &[], "");
    for left in ["2", "1", "0"] {
        let answer = call();
        assert_eq!(
            (answer.status, answer.header("x-ratelimit-limit")),
            (200, Some("3"))
        );
        assert_eq!(answer.header("x-ratelimit-remaining"), Some(left));
        assert!(answer.header("x-ratelimit-reset").is_some());
    }
    let limited = call();
    assert_error(&limited, 429, "RATE_LIMITED");
    let seconds = json_of(&limited)["retryAfter"].as_u64().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
    assert_eq!(limited.header("retry-after"), Some(&*seconds.to_string()));
    assert_limits_of_roles(&app);
    assert_limits_of_payments(&app);
    app.stop().await;
}

/// The limit of the address is exhausted, and each role has its own.
fn assert_limits_of_roles(app: &TestPlatform) {
    for (role, limit) in [
        (Role::Student, "4"),
        (Role::Trainer, "5"),
        (Role::Admin, "6"),
    ] {
        let bearer = format!("Bearer {}", token(Uuid::from_u128(7), role, &[]));
        let headers = [("authorization", &*bearer)];
        let answer = app.send("GET", "/api/v1/progress/quiz", &headers, "");
        let shown = answer.header("x-ratelimit-limit");
        assert_eq!((answer.status, shown), (200, Some(limit)), "{role:?}");
    }
}

/// The payment service limits the payments of a student, and the webhooks of a provider.
fn assert_limits_of_payments(app: &TestPlatform) {
    let create = |student: u128| {
        let student = token(Uuid::from_u128(student), Role::Student, &[]);
        let bearer = format!("Bearer {student}");
        let headers = [("authorization", &*bearer)];
        app.send("POST", "/api/v1/payments/session-booking", &headers, "{}")
    };
    let webhook = || app.send("POST", "/api/v1/payments/webhook/razorpay", &[], "{}");
    assert_eq!((create(7).status, webhook().status), (400, 401));
    for limited in [create(7), webhook()] {
        assert_error(&limited, 429, "RATE_LIMITED");
        assert_eq!(limited.header("x-ratelimit-limit"), Some("1"));
    }
    assert_eq!(create(8).status, 400);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slash_at_the_end_of_a_path_is_ignored_api_1() {
    let app = start(&[]).await;
    for path in ["/api/v1/courses", "/api/courses"] {
        let answer = app.send("GET", &format!("{path}/?page=2"), &[], "");
        assert_eq!(answer.status, 200, "{}", answer.body);
        let line = "GET /api/v1/courses?page=2 HTTP/1.1";
        assert_eq!(json_of(&answer)["head"][0], line);
    }
    // The response to HEAD has the length of the body that it does not have.
    let mut stream = TcpStream::connect(app.gateway).unwrap();
    let host = app.gateway;
    let request =
        format!("HEAD /api/v1/courses HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut head = String::new();
    stream.read_to_string(&mut head).unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    let length = head
        .lines()
        .find(|line| line.starts_with("content-length: "));
    assert!(
        length.is_some_and(|line| line != "content-length: 0"),
        "{head}"
    );
    // The path needs a token as without the slash.
    assert_error(
        &app.send("GET", "/api/v1/students/", &[], ""),
        401,
        "TOKEN_MISSING",
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_bodies_and_slow_services_are_rejected_sec_3() {
    // Only the slow service has a short timeout: a large body takes its time on a busy machine.
    let slow = format!("gateway.clients.analytics.base_url=http://{}", upstream());
    let app = start(&[
        &slow,
        "gateway.clients.analytics.policies.attempt_timeout=300ms",
        "gateway.clients.analytics.policies.total_timeout=300ms",
    ])
    .await;
    let student = app.student("asha@example.org");
    let bearer = format!("Bearer {}", student.access);
    let send = |body: &str| {
        app.send(
            "POST",
            "/api/v1/courses",
            &[("authorization", &bearer)],
            body,
        )
    };
    let text = |size: usize| format!("\"{}\"", "x".repeat(size - 2));
    assert_eq!(send(&text(1024 * 1024)).status, 200);
    assert_eq!(send(&text(1024 * 1024 + 1)).status, 413);
    let slow = app.send(
        "GET",
        "/api/v1/analytics/slow",
        &[("authorization", &bearer)],
        "",
    );
    assert_error(&slow, 504, "REQUEST_TIMEOUT");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn audit_log_has_the_address_of_the_admin_obs_11() {
    let app = start(&["gateway.server.http.trusted_proxies=[127.0.0.1/32]"]).await;
    let client = ("x-forwarded-for", "203.0.113.9");
    let log_in = json!({ "email": SEED_EMAIL, "password": SEED_PASSWORD });
    let headers = [client, ("x-client-type", "mobile")];
    let path = "/api/v1/admin/auth/login";
    let root = tokens(&app.send("POST", path, &headers, &log_in.to_string())).access;
    let bearer = format!("Bearer {root}");
    let admin = json!({
        "email": "anna@example.org", "fullName": "Anna Chandy",
        "roles": ["state_admin"], "territory": { "state": "Kerala" },
    });
    let headers = [client, ("authorization", &*bearer)];
    let path = "/api/v1/admin/admins";
    let created = app.send("POST", path, &headers, &admin.to_string());
    assert_eq!(created.status, 201, "{}", created.body);
    let database = app.database("admin").await;
    let (address,): (Option<String>,) =
        sql("SELECT address FROM audit_log WHERE action = 'admin.create' ORDER BY sequence DESC LIMIT 1")
            .fetch_one(&database)
            .await
            .unwrap();
    assert_eq!(address.as_deref(), Some("203.0.113.9"));
    app.stop().await;
}

/// Routes of a service that does not run.
const STOPPED: [(&str, &str); 2] = [
    ("GET", "/api/v1/analytics/events"),
    ("POST", "/api/v1/analytics/events/bulk"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn routes_of_stopped_services_are_502_res_1() {
    let silent = seaworthy_testkit::server::free_address().unwrap();
    let app = start(&[&format!(
        "gateway.clients.analytics.base_url=http://{silent}"
    )])
    .await;
    let student = app.student("asha@example.org");
    let bearer = format!("Bearer {}", student.access);
    for (method, path) in STOPPED {
        assert_error(&app.send(method, path, &[], "{}"), 401, "TOKEN_MISSING");
        let answer = app.send(method, path, &[("authorization", &bearer)], "{}");
        assert_error(&answer, 502, "SERVICE_UNAVAILABLE");
    }
    // The gateway is ready without the service.
    let ready = app.send("GET", "/ready", &[], "");
    assert_eq!(ready.status, 200, "{}", ready.body);
    app.stop().await;
}

/// Far more calls than open the breaker.
const MAX_CALLS: usize = 100;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn circuit_breaker_opens_for_the_failing_service_res_1() {
    let silent = seaworthy_testkit::server::free_address().unwrap();
    let app = start(&[&format!(
        "gateway.clients.analytics.base_url=http://{silent}"
    )])
    .await;
    let student = app.student("asha@example.org");
    let bearer = format!("Bearer {}", student.access);
    let call = |path: &str| app.send("GET", path, &[("authorization", &bearer)], "");
    assert_error(
        &call("/api/v1/analytics/events"),
        502,
        "SERVICE_UNAVAILABLE",
    );
    let mut answers = (0..MAX_CALLS).map(|_| call("/api/v1/analytics/events"));
    let last = answers.find(|answer| answer.status != 502).unwrap();
    assert_error(&last, 503, "SERVICE_DEGRADED");
    assert!(last.header("retry-after").is_some());
    assert_eq!(call("/api/v1/courses").status, 200);
    assert_eq!(outcome(&call("/api/v1/analytics/events")).0, 503);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gateway_sets_user_headers_itself_sec_4() {
    let app = start(&[]).await;
    let student = app.student("asha@example.org");
    let own = app.call(&student.access, "GET", "/profile", &Value::Null);
    let id = json_of(&own)["data"]["id"].as_str().unwrap().to_owned();
    let bearer = format!("Bearer {}", student.access);
    let forged = [
        ("x-user-id", "7"),
        ("x-user-role", "admin"),
        ("x-internal-token", "x"),
    ];
    let headers: Vec<_> = forged
        .into_iter()
        .chain([("authorization", bearer.as_str())])
        .collect();
    let head = |path: &str, headers: &[(&str, &str)]| -> Vec<String> {
        let answer = app.send("GET", path, headers, "");
        let head = json_of(&answer)["head"].clone();
        let lines: Vec<String> = serde_json::from_value(head).unwrap();
        let is_ours = |line: &String| line.starts_with("x-user") || line.starts_with("x-internal");
        let mut lines: Vec<_> = lines.into_iter().filter(is_ours).collect();
        lines.sort();
        lines
    };
    // The alias without a version leads to the same service.
    for path in ["/api/v1/progress/quiz", "/api/assignments/7/submit"] {
        let expected = [
            format!("x-user-id: {id}"),
            "x-user-role: student".to_owned(),
        ];
        assert_eq!(head(path, &headers), expected, "{path}");
    }
    assert!(head("/api/courses/7/structure", &forged).is_empty());
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_allowed_origins_only_read_answers_sec_2() {
    let app = start(&["gateway.server.http.cors.allowed_origins=[https://app.example.org]"]).await;
    let preflight = |origin: &str, header: &str| {
        let headers = [
            ("origin", origin),
            ("access-control-request-method", "PATCH"),
            ("access-control-request-headers", header),
        ];
        app.send("OPTIONS", "/api/v1/students/7/profile", &headers, "")
    };
    let allowed = preflight(
        PAGE,
        "authorization,x-client-type,idempotency-key,x-correlation-id",
    );
    assert_eq!(allowed.header("access-control-allow-origin"), Some(PAGE));
    assert_eq!(
        allowed.header("access-control-allow-credentials"),
        Some("true")
    );
    let foreign = preflight("https://evil.example", "authorization");
    assert_eq!(foreign.header("access-control-allow-origin"), None);
    // The header of the service does not reach pages.
    for (origin, expected) in [(PAGE, Some(PAGE)), ("https://evil.example", None)] {
        let answer = app.send("GET", "/api/v1/courses", &[("origin", origin)], "");
        assert_eq!(answer.header("access-control-allow-origin"), expected);
        assert!(answer.header("x-content-type-options").is_some());
    }
    app.stop().await;
}
