use std::{sync::Arc, time::Duration};

use proptest::prelude::*;
use seaworthy_core::{
    Actor, Personal, RequestContext, RequestId, ServiceIdentity, TraceContext, context,
};
use serde_json::Value;
use tracing::{Dispatch, info, info_span, subscriber::with_default, warn};
use tracing_subscriber::layer::SubscriberExt as _;

use super::*;
use crate::tracer::Tracer;

fn logs(config: &LogConfig) -> (Logs, Dispatch, MemorySink) {
    let sink = MemorySink::default();
    let logs = Logs::new(
        ServiceIdentity::new("orders", "1.2.3"),
        config,
        true,
        Arc::new(sink.clone()),
    );
    let subscriber = LogSubscriber {
        logs: logs.clone(),
        tracer: Tracer::disabled(),
    };
    (
        logs,
        Dispatch::new(tracing_subscriber::registry().with(subscriber)),
        sink,
    )
}

fn json(sink: &MemorySink) -> Vec<Value> {
    sink.lines()
        .iter()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

#[test]
fn reduces_public_addresses_to_their_network_obs_3() {
    const CALLER: FieldName = FieldName::new("client_address");
    let (logs, _, sink) = logs(&LogConfig::default());
    for (address, shown) in [
        ("203.0.113.7", "203.0.113.0/24"),
        ("::ffff:203.0.113.7", "203.0.113.0/24"),
        ("2001:db8:1:2::7", "2001:db8:1::/48"),
        ("10.4.0.12", "10.4.0.12"),
        ("fd00::12", "fd00::12"),
    ] {
        logs.line(None, Level::Info, "orders", "taken")
            .unwrap()
            .ip_address(CALLER, address.parse().unwrap());
        assert_eq!(json(&sink).pop().unwrap()["client_address"], shown);
    }
}

#[test]
fn long_texts_are_cut_after_redaction_obs_3() {
    let config = LogConfig {
        max_value_length: std::num::NonZeroU32::new(10).unwrap(),
        ..LogConfig::default()
    };
    let (_, dispatch, sink) = logs(&config);
    tracing::dispatcher::with_default(&dispatch, || {
        let address = "12345 ada@example.org";
        warn!(
            exact = "éééééééééé",
            long = "ééééééééééx",
            address,
            "0123456789abc"
        );
    });
    let line = json(&sink).pop().unwrap();
    assert_eq!(line["exact"], "éééééééééé");
    assert_eq!(line["long"], "éééééééééé…");
    assert_eq!(line["address"], "12345 ***");
    assert_eq!(line["message"], "0123456789…");
}

#[test]
fn lines_have_service_request_trace_and_actor_obs_2() {
    let (_, dispatch, sink) = logs(&LogConfig::default());
    let request = Arc::new(RequestContext::background(ServiceIdentity::new(
        "billing", "9.9.9",
    )));
    request.set_actor(Actor::new("user-7"));
    tracing::dispatcher::with_default(&dispatch, || {
        context::sync_scope(Arc::clone(&request), || {
            info!(order = 7, total = 1.5, paid = true, "order {}", "taken")
        });
        info!("no request");
    });
    let lines = json(&sink);
    let line = &lines[0];
    assert_eq!(
        line["service"], "billing",
        "of the request, not of the process"
    );
    assert_eq!(line["version"], "9.9.9");
    assert_eq!(line["request_id"], request.request_id().as_str());
    assert_eq!(line["trace_id"], request.trace().trace_id().to_string());
    assert_eq!(line["span_id"], request.trace().span_id().to_string());
    assert_eq!(line["actor"], "user-7");
    assert_eq!(
        (&line["message"], &line["level"]),
        (&"order taken".into(), &"INFO".into())
    );
    assert_eq!(
        (&line["order"], &line["total"], &line["paid"]),
        (&7.into(), &1.5.into(), &true.into())
    );
    assert_eq!(lines[1]["service"], "orders");
    assert_eq!(lines[1].get("request_id"), None);
}

#[test]
fn lines_have_the_fields_of_open_spans_obs_2() {
    let (_, dispatch, sink) = logs(&LogConfig::default());
    tracing::dispatcher::with_default(&dispatch, || {
        let outer = info_span!("join", event = 7, seat = tracing::field::Empty);
        let _outer = outer.enter();
        outer.record("seat", "A1");
        let _inner = info_span!("pay", amount = 12).entered();
        info!("paid");
    });
    let line = &json(&sink)[0];
    assert_eq!(
        (&line["event"], &line["seat"], &line["amount"]),
        (&7.into(), &"A1".into(), &12.into())
    );
}

#[test]
fn masks_values_by_type_name_and_format_obs_3() {
    let (_, dispatch, sink) = logs(&LogConfig::default());
    tracing::dispatcher::with_default(&dispatch, || {
        let email = Personal::new("canary-1@example.org");
        info!(%email, password = "canary-2", note = "from canary-3@example.org", "mail canary-4@example.org");
        let _span = info_span!("login", token = "canary-5").entered();
        warn!(error = ?std::io::Error::other("postgres://app:canary-6@db/x"), "failed");
    });
    let text = sink.lines().join("\n");
    assert!(!text.contains("canary"), "{text}");
    assert_eq!(text.matches("***").count(), 6, "{text}");
}

#[test]
fn text_cannot_start_another_line_obs_1() {
    let (_, dispatch, sink) = logs(&LogConfig::default());
    tracing::dispatcher::with_default(&dispatch, || {
        info!(
            path = "/\n{\"level\":\"ERROR\"}",
            "{}", "one\r\n{\"level\":\"ERROR\"}\u{1b}[31m"
        );
    });
    assert_eq!(json(&sink).len(), 1);
}

#[test]
fn suppresses_and_counts_frequent_lines_obs_2() {
    let config = LogConfig {
        rate_limit: LogRateLimitConfig {
            per_second: 10,
            sample_every: None,
        },
        ..LogConfig::default()
    };
    let (logs, dispatch, sink) = logs(&config);
    tracing::dispatcher::with_default(&dispatch, || {
        (0..1_000).for_each(|number| info!(number, "again"));
        info!("another place");
    });
    let again = sink
        .lines()
        .iter()
        .filter(|line| line.contains("again"))
        .count();
    assert!(
        (10..=20).contains(&again),
        "{again}: the lines of one second, or of two"
    );
    assert_eq!(logs.suppressed() as usize, 1_000 - again);
    assert!(
        sink.lines()
            .iter()
            .any(|line| line.contains("another place"))
    );
}

#[test]
fn writes_text_outside_production_obs_1() {
    let sink = MemorySink::default();
    let logs = Logs::new(
        ServiceIdentity::new("orders", "1.2.3"),
        &LogConfig::default(),
        false,
        Arc::new(sink.clone()),
    );
    logs.line(None, Level::Warn, "orders::store", "slow query")
        .unwrap()
        .unsigned_integer("rows", 7)
        .text("table", "two words")
        .milliseconds(FieldName::new("took"), Duration::from_micros(12_345));
    let line = &sink.lines()[0];
    assert!(
        line.ends_with("WARN  orders::store: slow query rows=7 table=\"two words\" took=12.345"),
        "{line}"
    );
}

#[test]
fn text_lines_have_request_and_trace_obs_2() {
    let sink = MemorySink::default();
    let identity = ServiceIdentity::new("orders", "1.2.3");
    let logs = Logs::new(
        identity.clone(),
        &LogConfig::default(),
        false,
        Arc::new(sink.clone()),
    );
    let request = RequestContext::background(identity);
    request.set_actor(Actor::new("user-7"));
    logs.line(Some(&request), Level::Info, "orders", "taken")
        .unwrap()
        .unsigned_integer("rows", 7);
    let line = &sink.lines()[0];
    let expected = format!(
        "orders: taken request_id={} trace_id={} actor=user-7 rows=7",
        request.request_id(),
        request.trace().trace_id()
    );
    assert!(line.ends_with(&expected), "{line}");
}

#[test]
fn redacts_request_ids_and_actors_in_both_formats_obs_3() {
    for production in [true, false] {
        for (given, shown) in [
            ("ada@example.org", "***"),
            ("card-4111111111111111", "card-***"),
            ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc", "***"),
            ("edge-7/42", "edge-7/42"),
        ] {
            let sink = MemorySink::default();
            let identity = ServiceIdentity::new("orders", "1.2.3");
            let logs = Logs::new(
                identity.clone(),
                &LogConfig::default(),
                production,
                Arc::new(sink.clone()),
            );
            let id = RequestId::parse(given.as_bytes()).unwrap();
            let request = RequestContext::new(identity, id, TraceContext::root(false));
            request.set_actor(Actor::new("grace@example.org"));
            drop(logs.line(Some(&request), Level::Info, "orders", "taken"));
            let line = &sink.lines()[0];
            let expected = if production {
                format!("\"request_id\":\"{shown}\"")
            } else {
                format!(" request_id={shown} ")
            };
            assert!(line.contains(&expected), "{line}");
            assert!(!line.contains("grace"), "{line}");
        }
    }
}

#[test]
fn starts_no_line_below_its_level_obs_1() {
    let (logs, _, sink) = logs(&LogConfig::default());
    assert!(logs.line(None, Level::Debug, "orders", "detail").is_none());
    assert!(sink.lines().is_empty());
}

#[test]
fn full_buffer_drops_and_counts_lines_obs_10() {
    let config = LogConfig {
        buffer_size: seaworthy_core::ByteSize::bytes(10),
        ..LogConfig::default()
    };
    let writer = LogWriter::start(&config, "orders").unwrap();
    writer.write_line(b"longer than the buffer\n");
    assert_eq!(writer.dropped(), 1);
    assert!(writer.flush(Duration::from_secs(5)));
}

proptest! {
    #[test]
    fn any_field_produces_one_json_line_obs_1(name in "[a-z]{1,8}", value in any::<String>(), message in any::<String>()) {
        let (logs, _, sink) = logs(&LogConfig::default());
        logs.line(None, Level::Info, "orders", &message).unwrap().text(&name, &value);
        prop_assert_eq!(json(&sink).len(), 1);
    }
}

#[test]
fn writes_nothing_without_a_subscriber_obs_10() {
    with_default(tracing::subscriber::NoSubscriber::default(), || {
        info!("not written")
    });
}

#[test]
fn masks_numbers_by_name_and_by_digits_obs_3() {
    let (_, dispatch, sink) = logs(&LogConfig::default());
    tracing::dispatcher::with_default(&dispatch, || {
        info!(otp = 493_021_u32, "u64");
        info!(password = -7_319_i64, "i64");
        info!(pwd = 7_319_u128, "u128");
        info!(card = 4_111_111_111_111_111_i128, "i128");
        info!(card = 4_000_000_000_000_000_006_u64, "19 digits");
        info!(secret = 73.19, "f64");
        info!(card = 4_111_111_111_111_111_u64, "card");
        info!(card = 4_111_111_111_111_111_i64, "card");
        info!(card = 4_111_111_111_111_111_f64, "card");
        info!(phone = 33_612_345_678_u64, "phone");
        info!(sms_otp = ?Some(7_319), "debug");
        info!(totp_code = 493_021_u32, "code of an application");
        info!(phone_number = 33_612_345_678_u64, "phone");
        info!(pin = 7_319_u16, "pin");
        info!(login = "Login { totp_code: 493021 }", "struct");
        info_span!("span", otp = 7_319, card = 4_111_111_111_111_111_u64)
            .in_scope(|| info!("span"));
    });
    let mut lines = json(&sink);
    assert_eq!(lines.len(), 16);
    for line in &mut lines {
        // The timestamp may contain the same digits.
        line.as_object_mut().unwrap().remove("timestamp");
        let line = line.to_string();
        for digits in ["493", "7319", "73.19", "4111", "4000", "33612"] {
            assert!(!line.contains(digits), "{line}");
        }
    }
    assert_eq!(lines[0]["otp"], "***");
}

#[test]
fn keeps_other_numbers_obs_3() {
    let (_, dispatch, sink) = logs(&LogConfig::default());
    tracing::dispatcher::with_default(&dispatch, || {
        info!(
            count = 7_u64,
            offset = -7_i64,
            ratio = 0.25,
            bytes = 1_048_576_u64,
            ready = true,
            "numbers"
        );
    });
    let line = &json(&sink)[0];
    assert_eq!(line["count"], 7);
    assert_eq!(line["offset"], -7);
    assert_eq!(line["ratio"], 0.25);
    assert_eq!(line["bytes"], 1_048_576);
    assert_eq!(line["ready"], true);
}
