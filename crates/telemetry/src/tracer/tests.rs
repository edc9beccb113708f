use std::time::{Duration, SystemTime};

use seaworthy_core::{Ratio, TraceContext};
use tokio::sync::mpsc;

use super::*;
use crate::redact::Redactor;

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
fn a_callers_decision_is_followed_obs_6() {
    let tracer = Tracer::new(Ratio::ZERO, None);
    let caller = TraceContext::root(true);
    let ours = tracer.begin(Some(&caller));
    assert!(ours.is_sampled());
    assert_eq!(
        (ours.trace_id(), ours.parent_id()),
        (caller.trace_id(), Some(caller.span_id()))
    );
    let tracer = Tracer::new(Ratio::ONE, None);
    assert!(!tracer.begin(Some(&TraceContext::root(false))).is_sampled());
}

#[test]
fn a_trace_that_begins_here_is_recorded_by_the_ratio_obs_6() {
    let share = |ratio| {
        let tracer = Tracer::new(ratio, None);
        (0..20_000)
            .filter(|_| tracer.begin(None).is_sampled())
            .count()
    };
    assert_eq!(share(Ratio::ZERO), 0);
    assert_eq!(share(Ratio::ONE), 20_000);
    let tenth = share(Ratio::percent(10));
    assert!((1_700..2_300).contains(&tenth), "{tenth}");
}

#[test]
fn a_full_queue_drops_and_counts_and_never_blocks_obs_10() {
    let (sender, _queue) = mpsc::channel(1);
    let tracer = Tracer::new(Ratio::ONE, Some(sender));
    for _ in 0..5 {
        tracer.record(record(TraceContext::root(true)));
    }
    tracer.record(record(TraceContext::root(false)));
    assert_eq!(tracer.dropped(), 4);
}

#[test]
fn attributes_are_masked_obs_3() {
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
fn what_a_caller_says_of_a_person_is_not_for_the_collector_obs_3() {
    let parent: &[u8] = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let exported = |state: &str| {
        let context = TraceContext::extract([parent], [state.as_bytes()], []).unwrap();
        assert_eq!(
            context.tracestate(),
            Some(state),
            "others get it as it came"
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
async fn a_collector_address_that_is_none_is_an_error_life_1() {
    let identity = seaworthy_core::ServiceIdentity::new("orders", "1.0.0");
    let error = Exporting::start(
        &identity,
        &TracingConfig::default(),
        "collector:4318",
        Redactor::default(),
    )
    .unwrap_err();
    assert!(error.to_string().contains("http://"), "{error}");
    let (_, exporting) = Exporting::start(
        &identity,
        &TracingConfig::default(),
        "http://127.0.0.1:1",
        Redactor::default(),
    )
    .unwrap();
    assert!(exporting.shutdown(Duration::from_secs(5)).await);
}
