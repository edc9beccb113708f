use std::{
    fs,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
};

use rustix::process::Signal;
use seaworthy_testkit::{
    http::{HttpResponse, get},
    process::{ServiceProcess, example},
    redis::RedisServer,
    requirement::required,
};
use serde_json::Value;

use super::until;

fn redis() -> Option<RedisServer> {
    let program = required("SEAWORTHY_TEST_REDIS_SERVER")?;
    Some(RedisServer::start(program).unwrap())
}

fn replica(arguments: &[&str]) -> (ServiceProcess, SocketAddr, SocketAddr) {
    let mut service = ServiceProcess::start(&example("trial"), arguments, &[]).unwrap();
    let (public, admin) = service.addresses().unwrap();
    service.line("\"message\":\"ready\"").unwrap();
    (service, public, admin)
}

fn reason(answer: &HttpResponse) -> String {
    let problem: Value = serde_json::from_str(&answer.body).unwrap_or_default();
    let reason = problem.get("reason").and_then(Value::as_str);
    reason.unwrap_or_default().to_owned()
}

#[test]
fn replicas_share_limits_of_the_listener_res_6() {
    let Some(redis) = redis() else { return };
    let url = format!("server.http.rate_limit.redis.url={}", redis.url());
    let mut arguments = vec!["--set", &url];
    for setting in [
        "server.http.rate_limit.requests=100",
        "server.http.rate_limit.window=1h",
        "server.http.rate_limit.limits.daily.requests=5",
        "server.http.rate_limit.limits.daily.window=24h",
        "server.http.rate_limit.limits.daily.by=ip",
        "server.http.rate_limit.redis.timeout=5s",
    ] {
        arguments.extend(["--set", setting]);
    }
    let replicas = [replica(&arguments), replica(&arguments)];
    let first = get(replicas[0].1, "/number").unwrap();
    assert_eq!(
        first.header("ratelimit-policy"),
        Some("\"default\";q=100;w=3600, \"daily\";q=5;w=86400")
    );
    let state = first.header("ratelimit").unwrap();
    assert!(state.contains("\"daily\";r=4;t="), "{state}");
    let answers: Vec<_> = (0..10)
        .map(|number| get(replicas[number % 2].1, "/number").unwrap())
        .collect();
    let statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, [200, 200, 200, 200, 429, 429, 429, 429, 429, 429]);
    assert_eq!(reason(&answers[9]), "RATE_LIMITED");
    let wait: u32 = answers[9].header("retry-after").unwrap().parse().unwrap();
    assert!(wait > 3_600, "{wait}");
    let metrics = get(replicas[1].2, "/metrics").unwrap().body;
    let line = "rate_limit_blocked_total{name=\"server/daily\"} 3";
    assert!(metrics.contains(line), "{metrics}");
}

#[test]
fn environments_on_one_redis_have_separate_limits_res_6() {
    let Some(redis) = redis() else { return };
    let limits = ["server.http.rate_limit", "reports"];
    let urls = limits.map(|limit| format!("{limit}.redis.url={}", redis.url()));
    let mut arguments = vec!["--set", &urls[0], "--set", &urls[1]];
    for setting in [
        "server.http.rate_limit.requests=2",
        "server.http.rate_limit.window=1h",
        "server.http.rate_limit.redis.timeout=5s",
        "reports.requests=1",
        "reports.window=1h",
        "reports.redis.timeout=5s",
    ] {
        arguments.extend(["--set", setting]);
    }
    for profile in ["development", "test"] {
        let profile = ["--profile", profile];
        let (_service, public, _) = replica(&[&arguments[..], &profile].concat());
        let paths = ["/reports", "/number", "/number"];
        let statuses = paths.map(|path| get(public, path).unwrap().status);
        assert_eq!(statuses, [200, 200, 429], "{profile:?}");
    }
}

#[test]
fn policy_without_redis_changes_at_reload_res_6_conf_4() {
    let Some(mut redis) = redis() else { return };
    let settings = |on_failure: &str, requests: u32| {
        format!(
            "server:\n  http:\n    rate_limit:\n      requests: {requests}\n      window: 1h\n      redis:\n        url: {}\n        on_failure: {on_failure}\n",
            redis.url()
        )
    };
    let [closed, local, fewer] = [
        settings("closed", 1_000),
        settings("local", 1_000),
        settings("local", 1),
    ];
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.yaml");
    fs::write(&file, closed).unwrap();
    let (service, public, admin) = replica(&["--config", folder.path().to_str().unwrap()]);
    until("a count in Redis", || {
        get(public, "/number").unwrap().status == 200
    });

    redis.kill();
    let degraded = get(public, "/number").unwrap();
    assert_eq!(
        (degraded.status, &*reason(&degraded)),
        (503, "SERVICE_DEGRADED")
    );
    assert_eq!(degraded.header("retry-after"), Some("1"));
    // Without Redis, the service can serve no request.
    let readiness = || get(public, "/readyz").unwrap().status;
    until("the loss", || readiness() == 503);
    let metrics = get(admin, "/metrics").unwrap().body;
    let errors = "rate_limit_errors_total{name=\"server\"}";
    let errors = metrics.lines().find(|line| line.starts_with(errors));
    assert!(
        errors.is_some_and(|line| !line.ends_with(" 0")),
        "{metrics}"
    );

    fs::write(&file, local).unwrap();
    service.signal(Signal::HUP).unwrap();
    until("a count in the process", || {
        get(public, "/number").unwrap().status == 200
    });
    until("the readiness", || readiness() == 200);

    fs::write(&file, fewer).unwrap();
    service.signal(Signal::HUP).unwrap();
    until("the lower limit", || {
        get(public, "/number").unwrap().status == 429
    });

    redis.restart().unwrap();
    until("a count in Redis again", || {
        get(public, "/number").unwrap().status == 200
    });
}

#[test]
fn limits_of_a_route_follow_a_reload_res_6_conf_4() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.yaml");
    fs::write(&file, "reports: { requests: 1, window: 1h }\n").unwrap();
    let (service, public, _) = replica(&["--config", folder.path().to_str().unwrap()]);
    let first = get(public, "/reports").unwrap();
    assert_eq!(
        first.header("ratelimit-policy"),
        Some("\"default\";q=200;w=2, \"reports\";q=1;w=3600")
    );
    assert_eq!(get(public, "/reports").unwrap().status, 429);
    assert_eq!(get(public, "/number").unwrap().status, 200);

    fs::write(&file, "reports: { requests: 50, window: 1h }\n").unwrap();
    service.signal(Signal::HUP).unwrap();
    until("the higher limit", || {
        get(public, "/reports").unwrap().status == 200
    });
}

/// Sends commands to Redis and waits until it closes the connection.
fn commands(redis: &RedisServer, commands: &str) -> String {
    let url = redis.url();
    let address = url.strip_prefix("redis://").unwrap().trim_end_matches('/');
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(commands.as_bytes()).unwrap();
    let mut answers = String::new();
    stream.read_to_string(&mut answers).unwrap();
    answers
}

#[test]
fn rotated_redis_password_takes_effect_conf_5() {
    let Some(redis) = redis() else { return };
    let answers = commands(&redis, "CONFIG SET requirepass first\r\nQUIT\r\n");
    assert_eq!(answers, "+OK\r\n+OK\r\n");
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("password");
    fs::write(&secret, "first").unwrap();
    let config = format!(
        "server:\n  http:\n    rate_limit:\n      redis:\n        url: {}\n        password: file:{}\n",
        redis.url(),
        secret.display()
    );
    fs::write(folder.path().join("config.yaml"), config).unwrap();
    let (service, public, _) = replica(&["--config", folder.path().to_str().unwrap()]);
    until("a count with the first password", || {
        get(public, "/number").unwrap().status == 200
    });

    let rotate =
        "AUTH first\r\nCONFIG SET requirepass second\r\nCLIENT KILL TYPE normal\r\nQUIT\r\n";
    let answers = commands(&redis, rotate);
    assert!(answers.starts_with("+OK\r\n+OK\r\n:"), "{answers}");
    until("a rejection of the first password", || {
        get(public, "/number").unwrap().status == 503
    });
    fs::write(&secret, "second").unwrap();
    service.signal(Signal::HUP).unwrap();
    until("a count with the second password", || {
        get(public, "/number").unwrap().status == 200
    });
}
