use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpListener,
    sync::mpsc,
    thread,
};

use seaworthy_testkit::http::get;
use serde_json::Value;

use super::{TIMEOUT, trial};

/// A request to the tracker: the path, the lines of its head and its body.
type Received = (String, Vec<String>, String);

/// Starts a tracker that accepts every report.
fn tracker() -> (String, mpsc::Receiver<Received>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (sender, received) = mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            let mut head: Vec<String> = Vec::new();
            loop {
                let mut line = String::new();
                stream.read_line(&mut line).unwrap();
                if line.trim().is_empty() {
                    break;
                }
                head.push(line.trim().to_lowercase());
            }
            let length = head
                .iter()
                .find_map(|line| line.strip_prefix("content-length: "))
                .map_or(0, |length| length.parse().unwrap());
            let mut body = vec![0; length];
            stream.read_exact(&mut body).unwrap();
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            stream.get_mut().write_all(answer).unwrap();
            let path = head.first().unwrap().split(' ').nth(1).unwrap().to_owned();
            let _ = sender.send((path, head, String::from_utf8(body).unwrap()));
        }
    });
    (address, received)
}

#[test]
fn panics_reach_sentry_and_webhook_obs_8() {
    let (address, received) = tracker();
    let dsn = format!("error_tracking.sentry_dsn=http://public@{address}/42");
    let webhook = format!("error_tracking.webhook_url=http://{address}/hook");
    let mut service = trial(&["--set", &dsn, "--set", &webhook]);
    let (http, admin) = service.addresses().unwrap();
    service.line("\"message\":\"ready\"").unwrap();
    let answer = get(http, "/panic").unwrap();
    assert_eq!(answer.status, 500);
    let request_id = answer.header("x-request-id").unwrap().to_owned();
    let mut both = [(); 2].map(|()| received.recv_timeout(TIMEOUT).unwrap());
    both.sort();
    let [(sentry, head, envelope), (hook, _, report)] = both;
    assert_eq!((&*sentry, &*hook), ("/api/42/envelope/", "/hook"));
    let auth = head.iter().find(|line| line.starts_with("x-sentry-auth:"));
    let auth = auth.unwrap();
    assert!(
        auth.contains("sentry_version=7") && auth.contains("sentry_key=public"),
        "{auth}"
    );
    let lines: Vec<Value> = envelope
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let [id, item, event] = lines.as_slice() else {
        panic!("an envelope with one item has three lines: {envelope}");
    };
    assert_eq!(id["event_id"], event["event_id"]);
    assert_eq!(item["length"], envelope.lines().last().unwrap().len());
    assert_eq!(event["tags"]["request_id"], *request_id);
    assert_eq!(event["environment"], "development");
    let value = event["exception"]["values"][0]["value"].as_str().unwrap();
    assert!(value.contains("a secret detail of the handler"), "{value}");
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["request_id"], *request_id);
    assert_eq!(report["message"], value);
    super::until("the count of reports", || {
        let metrics = get(admin, "/metrics").unwrap().body;
        metrics.contains("error_reports_sent_total 2")
    });
}

#[test]
fn cause_of_failed_response_reaches_sentry_obs_8() {
    let (address, received) = tracker();
    let dsn = format!("error_tracking.sentry_dsn=http://public@{address}/42");
    let mut service = trial(&["--set", &dsn]);
    let (http, _) = service.addresses().unwrap();
    service.line("\"message\":\"ready\"").unwrap();
    let answer = get(http, "/fails").unwrap();
    assert_eq!(answer.status, 500);
    let (_, _, envelope) = received.recv_timeout(TIMEOUT).unwrap();
    let event: Value = serde_json::from_str(envelope.lines().last().unwrap()).unwrap();
    assert_eq!(
        event["tags"]["request_id"],
        answer.header("x-request-id").unwrap()
    );
    assert_eq!(event["transaction"], "GET /fails");
    let exception = &event["exception"]["values"][0];
    assert_eq!(exception["type"], "error");
    let value = exception["value"].as_str().unwrap();
    assert!(
        value.contains("is full") && !value.contains("ada@"),
        "{value}"
    );
}

#[test]
fn unavailable_tracker_delays_no_response_obs_8() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let webhook = format!(
        "error_tracking.webhook_url=http://{}/",
        listener.local_addr().unwrap()
    );
    let mut service = trial(&["--set", &webhook, "--set", "error_tracking.timeout=100ms"]);
    let (http, admin) = service.addresses().unwrap();
    service.line("\"message\":\"ready\"").unwrap();
    for _ in 0..200 {
        assert_eq!(get(http, "/panic").unwrap().status, 500);
    }
    let value = |name: &str| -> u64 {
        let metrics = get(admin, "/metrics").unwrap().body;
        let line = metrics.lines().find_map(|line| line.strip_prefix(name));
        line.map_or(0, |value| value.trim().parse().unwrap())
    };
    assert!(value("error_reports_dropped_total ") > 0);
    super::until("a failed report", || {
        value("error_reports_failed_total ") > 0
    });
}
