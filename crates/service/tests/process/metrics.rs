use std::{
    io::Write as _,
    path::PathBuf,
    process::{Command, Output, Stdio},
};

use seaworthy_testkit::{
    http::{Connection, get, request},
    requirement::required,
};

use super::trial;

/// Reads a whole OpenMetrics text with the official parser and prints how many families it found.
const PARSE: &str = "import sys\nfrom prometheus_client.openmetrics.parser import text_string_to_metric_families as parse\nprint(len(list(parse(sys.stdin.read()))))";

fn feed(command: &mut Command, text: &str) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    child.wait_with_output().unwrap()
}

/// Returns `/metrics` after the service has recorded each kind of metric.
fn scraped(accept: &str) -> String {
    let mut service = trial(&[]);
    let (public, admin) = service.addresses().unwrap();
    service.line("\"message\":\"ready\"").unwrap();
    for path in ["/", "/slow/1", "/panic", "/spawned", "/nothing"] {
        let parent = [(
            "traceparent",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        )];
        request(public, "GET", path, &parent, "").unwrap();
    }
    service.line("\"message\":\"tick\"").unwrap();
    request(admin, "GET", "/metrics", &[("accept", accept)], "")
        .unwrap()
        .body
}

#[test]
fn the_official_parser_reads_the_metrics_obs_4() {
    let Some(python) = required("SEAWORTHY_TEST_OPENMETRICS") else {
        return;
    };
    let text = scraped("application/openmetrics-text; version=1.0.0");
    assert!(
        text.contains("trace_id=\"4bf92f3577b34da6a3ce929d0e0e4736\""),
        "no exemplar in:\n{text}"
    );
    let output = feed(
        Command::new(PathBuf::from(python)).args(["-c", PARSE]),
        &text,
    );
    assert!(
        output.status.success(),
        "{}\n{text}",
        String::from_utf8_lossy(&output.stderr)
    );
    let families: u32 = String::from_utf8_lossy(&output.stdout)
        .trim()
        .parse()
        .unwrap();
    assert!(families > 20, "{families}");
}

#[test]
fn promtool_finds_nothing_wrong_with_the_metrics_obs_4() {
    let Some(promtool) = required("SEAWORTHY_TEST_PROMTOOL") else {
        return;
    };
    let text = scraped("text/plain");
    let output = feed(
        Command::new(PathBuf::from(promtool)).args(["check", "metrics"]),
        &text,
    );
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && said.is_empty(),
        "{said}{}",
        String::from_utf8_lossy(&output.stdout)
    );
}

#[test]
fn a_scan_of_ten_thousand_paths_adds_one_label_value_obs_4() {
    let mut service = trial(&[]);
    let (public, admin) = service.addresses().unwrap();
    let paths = || {
        let metrics = get(admin, "/metrics").unwrap().body;
        let series = metrics
            .lines()
            .filter(|line| line.starts_with("http_requests_total{"));
        let mut paths: Vec<String> = series
            .filter_map(|line| Some(line.split_once("path=\"")?.1.split('"').next()?.to_owned()))
            .collect();
        paths.sort();
        paths.dedup();
        paths
    };
    service.line("\"message\":\"ready\"").unwrap();
    assert_eq!(get(public, "/").unwrap().status, 200);
    let before = paths();
    let mut connection = Connection::open(public).unwrap();
    for number in 0..10_000_u32 {
        let path = format!("/{:x}/{number}", number.wrapping_mul(2_654_435_761));
        if connection
            .send("GET", &path, &[], "")
            .unwrap()
            .closes_connection()
        {
            connection = Connection::open(public).unwrap();
        }
    }
    let after = paths();
    assert_eq!(
        after.len(),
        before.len() + 1,
        "{before:?} became {} values",
        after.len()
    );
}

#[test]
fn metrics_are_compressed_for_scrapers_that_accept_gzip_obs_4() {
    let mut service = trial(&[]);
    let (_, admin) = service.addresses().unwrap();
    service.line("\"message\":\"ready\"").unwrap();
    let plain = get(admin, "/metrics").unwrap();
    let gzip = [("accept-encoding", "gzip")];
    let compressed = request(admin, "GET", "/metrics", &gzip, "").unwrap();
    assert_eq!(plain.header("content-encoding"), None);
    assert_eq!(compressed.header("content-encoding"), Some("gzip"));
    assert!(compressed.body.len() < plain.body.len() / 2);
}
