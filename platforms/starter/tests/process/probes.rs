use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicU16, Ordering::SeqCst},
    },
};

use seaworthy_testkit::{
    database::EmptyDatabase,
    eventually,
    fault::{Disruption, Fault, FaultProxy},
    http::request,
};
use serde_json::json;

use crate::{
    app::{Replica, builder, json_of},
    features::wait,
    redis::shared_limits,
};

pub(crate) fn readiness_follows_the_database_and_liveness_does_not_hlth_2(
    database: &EmptyDatabase,
) {
    let Some(server) = database.server() else {
        return readiness_follows_the_file(database);
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let proxy = FaultProxy::start(server).await.unwrap();
        let replica = start_at(&database.url_at(proxy.address()));
        let get = |path: &str| replica.send("GET", path, "").unwrap();
        assert_eq!(replica.register("ada").status, 200);
        let ready = json_of(&get("/health/ready"));
        assert_eq!(ready["checks"]["database"]["status"], "healthy", "{ready}");

        proxy.set(Fault::of(Disruption::Down));
        eventually(async || get("/health/ready").status == 503).await;
        let body = json_of(&get("/health/ready"));
        assert_eq!(body["status"], "unhealthy");
        for field in ["message", "timestamp", "duration"] {
            assert!(body[field].is_string(), "{field}: {body}");
        }
        assert_eq!(body["checks"]["database"]["name"], "database", "{body}");
        assert_eq!(body["checks"]["memory"]["status"], "healthy", "{body}");
        assert_eq!(get("/health").status, 503);
        for field in ["message", "timestamp", "duration"] {
            assert!(
                body["checks"]["database"][field].is_string(),
                "{field}: {body}"
            );
        }
        // Clients see no error text and no address.
        assert!(!body.to_string().contains("127.0.0.1"), "{body}");
        let live = get("/health/live");
        assert_eq!(
            (live.status, json_of(&live)["status"].clone()),
            (200, json!("healthy"))
        );

        proxy.heal();
        eventually(async || get("/health/ready").status == 200).await;
    });
}

/// Starts a replica with the database at a URL.
fn start_at(url: &str) -> Replica {
    let app = builder(url).settings(shared_limits());
    Replica::from(app.start().unwrap())
}

pub(crate) fn only_the_replica_without_its_database_is_not_ready_hlth_2(database: &EmptyDatabase) {
    let Some(server) = database.server() else {
        return;
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let proxy = FaultProxy::start(server).await.unwrap();
        let replicas = [
            start_at(&database.url_at(proxy.address())),
            Replica::start(database),
        ];
        let statuses = || {
            let status = |replica: &Replica| {
                let ready = replica.send("GET", "/health/ready", "").unwrap();
                ready.status
            };
            replicas.each_ref().map(status)
        };
        assert_eq!(statuses(), [200, 200]);
        proxy.set(Fault::of(Disruption::Down));
        eventually(async || statuses() == [503, 200]).await;
        proxy.heal();
        eventually(async || statuses() == [200, 200]).await;
        let [first, _] = &replicas;
        assert_eq!(first.register("ada").status, 200);
    });
}

/// The embedded engine has no connection that can be cut.
fn readiness_follows_the_file(database: &EmptyDatabase) {
    let replica = Replica::start(database);
    let status = |path: &str| replica.send("GET", path, "").unwrap().status;
    for path in ["/health/live", "/health/ready", "/health"] {
        assert_eq!(status(path), 200, "{path}");
    }
    let file = database.url().trim_start_matches("sqlite:");
    let removed = format!("{file}.removed");
    fs::rename(file, &removed).unwrap();
    wait(|| status("/health/ready") == 503);
    assert_eq!(status("/health"), 503);
    assert_eq!(status("/health/live"), 200);
    let ready = replica.send("GET", "/health/ready", "").unwrap();
    assert!(!ready.body.contains(file), "{}", ready.body);

    fs::rename(&removed, file).unwrap();
    wait(|| status("/health/ready") == 200);
}

pub(crate) fn metrics_are_in_the_text_format_of_prometheus_obs_4(database: &EmptyDatabase) {
    let replica = Replica::start(database);
    replica.user("ada");
    let metrics = request(replica.admin, "GET", "/metrics", &[], "").unwrap();
    let format = metrics.header("content-type").unwrap();
    assert!(format.starts_with("text/plain; version=0.0.4"), "{format}");
    let samples = metrics.body.lines().filter(|line| !line.starts_with('#'));
    let samples: Vec<_> = samples.filter(|line| !line.is_empty()).collect();
    for sample in &samples {
        let (name, value) = sample.rsplit_once(' ').unwrap();
        let end = name.find('{').unwrap_or(name.len());
        let is_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        assert!(name[..end].chars().all(is_name), "{sample}");
        assert!(value.parse::<f64>().is_ok(), "{sample}");
    }
    let mut samples = samples.into_iter();
    let is_counted = samples.any(|sample| sample.contains("/api/v1/auth/login"));
    assert!(is_counted, "{}", metrics.body);
}

#[test]
fn failing_http_check_degrades_the_service_hlth_4() {
    let status = Arc::new(AtomicU16::new(500));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let gateway = listener.local_addr().unwrap();
    let answered = Arc::clone(&status);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut line = String::new();
            let mut reader = BufReader::new(&stream);
            while reader.read_line(&mut line).unwrap() > 2 {}
            let status = answered.load(SeqCst);
            let answer =
                format!("HTTP/1.1 {status} -\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    let database = EmptyDatabase::sqlite().unwrap();
    let url = format!("clients.sms.base_url=http://{gateway}");
    let settings = [
        &url,
        "sms.token=t",
        "sms.sender=S",
        "sms.health_path=/status",
    ];
    let replica = Replica::start_with(&database, &settings);
    let ready = || {
        let answer = replica.send("GET", "/health/ready", "").unwrap();
        let body = json_of(&answer);
        (
            answer.status,
            body["status"].clone(),
            body["checks"]["sms"]["status"].clone(),
        )
    };
    assert_eq!(ready(), (200, json!("degraded"), json!("degraded")));
    status.store(204, SeqCst);
    wait(|| ready().1 == "healthy");
}
