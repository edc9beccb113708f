use std::time::{Duration, SystemTime};

use seaworthy_core::{
    Ratio, RequestContext, RequestId, ServiceIdentity, SpanEvent, TraceContext, context,
};
use serde_json::Value;
use tokio::sync::mpsc;
use tracing::{info, info_span};
use tracing_subscriber::layer::SubscriberExt as _;

use super::*;
use crate::{
    logs::{LogConfig, LogSubscriber, Logs, MemorySink},
    redact::Redactor,
};

fn record(context: TraceContext) -> SpanRecord {
    let now = SystemTime::now();
    SpanRecord {
        context,
        name: "GET /".into(),
        kind: SpanKind::Server,
        start: now,
        end: now,
        attributes: Vec::new(),
        failed: false,
    }
}

#[test]
fn keeps_the_sampling_decision_of_a_caller_obs_6() {
    let tracer = Tracer::new(Ratio::ZERO, None);
    let caller = TraceContext::root(true);
    let ours = tracer.start_span(Some(&caller));
    assert!(ours.is_sampled());
    assert_eq!(
        (ours.trace_id(), ours.parent_id()),
        (caller.trace_id(), Some(caller.span_id()))
    );
    let tracer = Tracer::new(Ratio::ONE, None);
    assert!(
        !tracer
            .start_span(Some(&TraceContext::root(false)))
            .is_sampled()
    );
}

#[test]
fn samples_new_traces_by_the_ratio_obs_6() {
    let share = |ratio| {
        let tracer = Tracer::new(ratio, None);
        (0..20_000)
            .filter(|_| tracer.start_span(None).is_sampled())
            .count()
    };
    assert_eq!(share(Ratio::ZERO), 0);
    assert_eq!(share(Ratio::ONE), 20_000);
    let tenth = share(Ratio::percent(10));
    assert!((1_700..2_300).contains(&tenth), "{tenth}");
}

#[test]
fn full_queue_drops_and_counts_spans_obs_10() {
    let (sender, _queue) = mpsc::channel(1);
    let tracer = Tracer::new(Ratio::ONE, Some(sender));
    for _ in 0..5 {
        tracer.record(record(TraceContext::root(true)));
    }
    tracer.record(record(TraceContext::root(false)));
    assert_eq!(tracer.dropped(), 4);
}

#[test]
fn masks_attributes_obs_3() {
    let attributes = vec![
        Attribute::text("user.email", "canary@example.org"),
        Attribute::text("db.password", "canary"),
        Attribute::integer("user.otp", 7_319),
        Attribute::integer("payment.card", 4_111_111_111_111_111),
        Attribute::integer("user.phone", 33_612_345_678),
        Attribute::integer("http.response.status_code", 200),
    ];
    let shown = format!("{attributes:?}");
    assert!(
        !shown.contains("canary") && !shown.contains("7319"),
        "{shown}"
    );
    let mut span = SpanRecord {
        attributes,
        ..record(TraceContext::root(true))
    }
    .into_data();
    span::mask(&mut span, &Redactor::default());
    let values = span.attributes.iter().map(|it| it.value.to_string());
    let values: Vec<_> = values.collect();
    assert_eq!(values, ["***", "***", "***", "***", "***", "200"]);
}

#[test]
fn masks_every_type_of_a_sensitive_name_obs_3() {
    let (sender, mut queue) = mpsc::channel(100);
    let sink = MemorySink::default();
    let identity = ServiceIdentity::new("orders", "1.2.3");
    let log_sink = Arc::new(sink.clone());
    let subscriber = LogSubscriber {
        logs: Logs::new(identity.clone(), &LogConfig::default(), true, log_sink),
        tracer: Tracer::new(Ratio::ONE, Some(sender)),
    };
    let registry = tracing_subscriber::registry().with(subscriber);
    let id = RequestId::generate();
    let request = RequestContext::new(identity, id, TraceContext::root(true));
    let mut written = 0;
    // A field of an event, a field of a span at its start, and one that is recorded later.
    macro_rules! log {
        ($($value:expr),+ $(,)?) => {$(
            info!(otp = $value, "event");
            let span = info_span!("work", otp = $value, late_otp = tracing::field::Empty);
            span.record("late_otp", $value);
            span.in_scope(|| info!("span"));
            written += 1;
        )+};
    }
    tracing::subscriber::with_default(registry, || {
        context::sync_scope(Arc::new(request), || {
            log!(7_u8, 7_u16, 7_u32, 7_u64, 7_u128, 7_usize);
            log!(-7_i8, -7_i16, -7_i32, -7_i64, -7_i128, -7_isize);
            log!(7.5_f32, 7.5_f64, f64::NAN, true, false, "7");
            log!(tracing::field::display("7"), tracing::field::debug(Some(7)));
        });
    });
    let lines = sink.lines();
    assert_eq!(lines.len(), written * 2);
    for line in lines {
        let line: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(line["otp"], "***", "{line}");
        if line["message"] == "span" {
            assert_eq!(line["late_otp"], "***", "{line}");
        }
    }
    let mut spans = 0;
    while let Ok(mut span) = queue.try_recv() {
        span::mask(&mut span, &Redactor::default());
        let values = span.attributes.iter().map(|it| it.value.to_string());
        assert_eq!(values.collect::<Vec<_>>(), ["***", "***"]);
        spans += 1;
    }
    assert_eq!(spans, written);
}

#[test]
fn masks_attributes_of_events_obs_3() {
    let event = SpanEvent {
        name: "feature_flag.evaluation",
        at: SystemTime::now(),
        attributes: vec![
            ("feature_flag.key", "beta".to_owned()),
            ("feature_flag.context.id", "canary@example.org".to_owned()),
        ],
    };
    let mut span = record(TraceContext::root(true)).into_data();
    span.events.events.push(span::event(event));
    span::mask(&mut span, &Redactor::default());
    let attributes = &span.events.events[0].attributes;
    let values: Vec<_> = attributes.iter().map(|it| it.value.to_string()).collect();
    assert_eq!(values, ["beta", "***"]);
}

#[test]
fn exports_no_tracestate_with_personal_data_obs_3() {
    let parent: &[u8] = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let exported = |state: &str| {
        let context = TraceContext::extract([parent], [state.as_bytes()], []).unwrap();
        assert_eq!(
            context.tracestate(),
            Some(state),
            "it is passed on unchanged"
        );
        let mut data = record(context).into_data();
        span::mask(&mut data, &Redactor::default());
        data.span_context.trace_state().header()
    };
    assert_eq!(exported("vendor=opaque,ot=th:8"), "vendor=opaque,ot=th:8");
    assert_eq!(exported("vendor=canary@example.org"), "");
    assert_eq!(exported("a=1,login=Bearer canarycanarycanary"), "");
}

#[tokio::test]
async fn rejects_invalid_collector_endpoint_life_1() {
    let identity = seaworthy_core::ServiceIdentity::new("orders", "1.0.0");
    let error = Exporter::start(
        &identity,
        &TracingConfig::default(),
        "collector:4318",
        Redactor::default(),
    )
    .unwrap_err();
    assert!(error.to_string().contains("http://"), "{error}");
    let (_, exporter) = Exporter::start(
        &identity,
        &TracingConfig::default(),
        "http://127.0.0.1:1",
        Redactor::default(),
    )
    .unwrap();
    assert!(exporter.shutdown(Duration::from_secs(5)).await);
}
