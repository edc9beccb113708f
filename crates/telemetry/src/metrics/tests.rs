use std::{sync::mpsc, thread, time::Duration};

use proptest::prelude::*;
use seaworthy_core::{ServiceIdentity, TraceContext};

use super::*;

#[test]
fn handles_of_one_series_share_the_value_obs_4() {
    let metrics = Metrics::new();
    let first = metrics.counter("joins_total", "Joins.", &[("city", "Lyon")]);
    let second = metrics.counter("joins_total", "Joins.", &[("city", "Lyon")]);
    let other = metrics.counter("joins_total", "Joins.", &[("city", "Paris")]);
    first.increment();
    second.add(2);
    other.increment();
    let text = metrics.render(Format::PrometheusText);
    assert!(
        text.contains("joins_total{city=\"Lyon\"} 3\n")
            && text.contains("joins_total{city=\"Paris\"} 1\n"),
        "{text}"
    );
    assert_eq!(text.matches("# TYPE joins_total counter").count(), 1);
}

#[test]
fn scrape_does_not_block_registrations_obs_4() {
    let metrics = Metrics::new();
    let registry = metrics.clone();
    // As a value behind a lock whose holder registers a metric.
    let compute = move || {
        registry.counter("reads_total", "Reads.", &[]).increment();
        7.0
    };
    metrics.observable_gauge("age_seconds", "Age.", &[], compute);
    let (sender, rendered) = mpsc::channel();
    thread::spawn(move || sender.send(metrics.render(Format::PrometheusText)));
    let text = rendered.recv_timeout(Duration::from_secs(60)).unwrap();
    assert!(text.contains("age_seconds 7\n"), "{text}");
}

#[test]
fn renders_both_formats_obs_4() {
    let metrics = Metrics::with_prefix("order-service");
    metrics
        .counter("joins_total", "Joins.\nTwo \"lines\" \\.", &[])
        .increment();
    metrics.gauge("pool_in_use", "In use.", &[]).set(-3);
    metrics.info("build_info", "Build.", &[("version", "1.0")]);
    let histogram = metrics.histogram(
        "wait_seconds",
        "Waits.",
        &[0.5, 1.0],
        &[("pool", "a\"b\\c\nd")],
    );
    histogram.observe(0.5);
    histogram.observe(7.0);
    insta::assert_snapshot!("prometheus_text", metrics.render(Format::PrometheusText));
    insta::assert_snapshot!("openmetrics", metrics.render(Format::OpenMetrics));
}

#[test]
fn sampled_trace_is_exemplar_in_openmetrics_obs_4() {
    let metrics = Metrics::new();
    let histogram = metrics.histogram("wait_seconds", "Waits.", DURATION_BUCKETS, &[]);
    let trace = TraceContext::root(true);
    histogram.observe_with_exemplar(Duration::from_millis(20), &trace);
    histogram.observe_with_exemplar(Duration::from_secs(60), &TraceContext::root(false));
    let text = metrics.render(Format::OpenMetrics);
    let exemplar = format!(
        "wait_seconds_bucket{{le=\"0.025\"}} 1 # {{trace_id=\"{}\",span_id=\"{}\"}} 0.02 ",
        trace.trace_id(),
        trace.span_id()
    );
    assert!(text.contains(&exemplar), "{text}");
    assert!(
        text.contains("wait_seconds_bucket{le=\"+Inf\"} 2\n"),
        "a trace that is not sampled is not an exemplar: {text}"
    );
    assert!(!metrics.render(Format::PrometheusText).contains("trace_id"));
}

#[test]
fn concurrent_observations_are_all_counted_obs_4() {
    let metrics = Metrics::new();
    let histogram = metrics.histogram("wait_seconds", "Waits.", DURATION_BUCKETS, &[]);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..10_000).for_each(|_| histogram.observe(0.25)));
        }
    });
    let text = metrics.render(Format::PrometheusText);
    assert!(
        text.contains("wait_seconds_count 40000\n") && text.contains("wait_seconds_sum 10000\n"),
        "{text}"
    );
}

#[test]
fn family_bounds_its_label_values_obs_4() {
    let metrics = Metrics::new();
    let family = Family::new(2, {
        let metrics = metrics.clone();
        move |peer| metrics.counter("calls_total", "Calls.", &[("peer", peer)])
    });
    for peer in ["a", "b", "c", "d", "a"] {
        family.get_or_create(peer).increment();
    }
    let text = metrics.render(Format::PrometheusText);
    assert!(
        text.contains("calls_total{peer=\"a\"} 2\n")
            && text.contains("calls_total{peer=\"other\"} 2\n"),
        "{text}"
    );
    assert_eq!(text.matches("calls_total{").count(), 3);
}

#[test]
fn declared_metric_is_described_and_not_scraped_obs_9() {
    let metrics = Metrics::with_prefix("orders");
    metrics.declare(Kind::Counter, "refunds_total", "Refunds.", &["reason"]);
    let described = metrics.descriptors();
    assert_eq!(described.len(), 1);
    assert_eq!(described[0].name, "orders_refunds_total");
    assert_eq!(described[0].labels, ["reason"]);
    assert_eq!(metrics.render(Format::PrometheusText), "");
    metrics
        .counter("refunds_total", "Refunds.", &[("reason", "late")])
        .increment();
    let text = metrics.render(Format::PrometheusText);
    assert!(
        text.contains("orders_refunds_total{reason=\"late\"} 1"),
        "{text}"
    );
    assert!(metrics.conflicts().is_empty());
}

#[test]
fn records_conflicts_of_registrations_obs_4() {
    let metrics = Metrics::new();
    let _ = metrics.counter("joins_total", "Joins.", &[]);
    assert_eq!(metrics.conflicts(), []);
    let _ = metrics.counter("joins_total", "Joins.", &[("city", "Lyon")]);
    let _ = metrics.counter("joins", "No suffix.", &[]);
    let _ = metrics.gauge("9lives", "No name.", &[]);
    let _ = metrics.gauge("lives", "Bad label.", &[("le", "1")]);
    assert_eq!(metrics.conflicts().len(), 4, "{:?}", metrics.conflicts());
}

#[test]
fn registers_metrics_of_the_process_obs_5() {
    let metrics = Metrics::new();
    metrics.register_process(&ServiceIdentity::new("orders", "1.2.3"));
    let text = metrics.render(Format::OpenMetrics);
    assert!(
        text.contains("build_info{service=\"orders\",version=\"1.2.3\""),
        "{text}"
    );
    assert!(text.contains("process_start_time_seconds "), "{text}");
    #[cfg(target_os = "linux")]
    for name in [
        "process_cpu_seconds_total",
        "process_resident_memory_bytes",
        "process_open_fds",
        "process_max_fds",
        "process_threads",
    ] {
        let line = text.lines().find(|line| line.starts_with(name)).unwrap();
        assert!(
            line.rsplit_once(' ').unwrap().1.parse::<f64>().unwrap() >= 0.0,
            "{line}"
        );
    }
    assert_eq!(metrics.conflicts(), []);
}

#[tokio::test]
async fn registers_metrics_of_the_runtime_obs_5() {
    let metrics = Metrics::new();
    metrics.register_runtime(&tokio::runtime::Handle::current());
    let text = metrics.render(Format::PrometheusText);
    assert!(
        text.contains("runtime_workers 1\n") && text.contains("runtime_busy_seconds_total "),
        "{text}"
    );
}

#[test]
fn negotiates_the_format_obs_4() {
    assert_eq!(Format::negotiate(""), Format::PrometheusText);
    assert_eq!(
        Format::negotiate("text/plain;version=0.0.4"),
        Format::PrometheusText
    );
    assert_eq!(
        Format::negotiate("application/openmetrics-text;version=1.0.0,text/plain;q=0.5"),
        Format::OpenMetrics
    );
    assert_eq!(
        Format::negotiate("application/openmetrics-text;q=0,text/plain"),
        Format::PrometheusText
    );
}

proptest! {
    #[test]
    fn any_label_value_stays_on_one_line_obs_4(value in ".*") {
        let metrics = Metrics::new();
        metrics.counter("joins_total", "Joins.", &[("city", &value)]).increment();
        let text = metrics.render(Format::PrometheusText);
        prop_assert_eq!(text.split('\n').count(), 4);
    }
}
