use proptest::prelude::*;

use super::TraceContext;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN: &str = "00f067aa0ba902b7";

fn valid() -> String {
    format!("00-{TRACE}-{SPAN}-01")
}

fn extract(traceparent: &[&str], tracestate: &[&str]) -> Option<TraceContext> {
    let bytes = |text: &&str| text.as_bytes().to_vec();
    let traceparent: Vec<_> = traceparent.iter().map(bytes).collect();
    let tracestate: Vec<_> = tracestate.iter().map(bytes).collect();
    TraceContext::extract(
        traceparent.iter().map(Vec::as_slice),
        tracestate.iter().map(Vec::as_slice),
        [],
    )
}

fn state_of(tracestate: &[&str]) -> Option<String> {
    extract(&[&valid()], tracestate)
        .unwrap()
        .tracestate()
        .map(str::to_owned)
}

#[test]
fn extract_continues_valid_traceparent_obs_6() {
    let caller = extract(&[&valid()], &[]).unwrap();
    assert_eq!(
        (caller.trace_id().to_string(), caller.span_id().to_string()),
        (TRACE.into(), SPAN.into())
    );
    assert!(caller.is_sampled());
    let span = caller.child();
    assert_eq!(span.trace_id(), caller.trace_id());
    assert_eq!(span.parent_id(), Some(caller.span_id()));
    assert_ne!(span.span_id(), caller.span_id());
}

#[test]
fn extract_trims_traceparent_obs_6() {
    assert!(extract(&[&format!(" \t{}\t ", valid())], &[]).is_some());
}

#[test]
fn extract_rejects_invalid_traceparent_obs_6() {
    let zeros = "0".repeat(32);
    for traceparent in [
        String::new(),
        "00".into(),
        format!("00-{TRACE}-{SPAN}"),
        format!("00-{TRACE}-{SPAN}-"),
        format!("00-{TRACE}-{SPAN}-1"),
        format!("00-{TRACE}-{SPAN}-01-"),
        format!("00-{TRACE}-{SPAN}-01-what-the-future-will-be-like"),
        format!("00-{TRACE}-{SPAN}-01."),
        format!("00-{TRACE}-{SPAN}-.0"),
        format!("00-{TRACE}-{SPAN}-0."),
        format!("00-{zeros}-{SPAN}-01"),
        format!("00-{TRACE}-0000000000000000-01"),
        format!("00-{}-{SPAN}-01", TRACE.to_uppercase()),
        format!("00-{TRACE}-{}-01", SPAN.to_uppercase()),
        format!("00-{TRACE}-{SPAN}-0A"),
        format!("00-.{}-{SPAN}-01", &TRACE[1..]),
        format!("00-{}-{SPAN}-01", &TRACE[1..]),
        format!("00-0{TRACE}-{SPAN}-01"),
        format!("00-{TRACE}-0{SPAN}-01"),
        format!("000-{TRACE}-{SPAN}-01"),
        format!("0-{TRACE}-{SPAN}-01"),
        format!(".0-{TRACE}-{SPAN}-01"),
        format!("ff-{TRACE}-{SPAN}-01"),
        format!("FF-{TRACE}-{SPAN}-01"),
        format!("0G-{TRACE}-{SPAN}-01"),
        format!("00_{TRACE}_{SPAN}_01"),
        format!("cc-{TRACE}-{SPAN}-01.what"),
        format!("cc-{TRACE}-{SPAN}-0"),
    ] {
        assert_eq!(
            extract(&[&traceparent], &["vendor=1"]),
            None,
            "{traceparent}"
        );
    }
}

#[test]
fn extract_requires_one_traceparent_obs_6() {
    assert_eq!(extract(&[], &["vendor=1"]), None);
    assert_eq!(extract(&[&valid(), &valid()], &[]), None);
}

#[test]
fn extract_parses_future_version_obs_6() {
    for traceparent in [
        format!("cc-{TRACE}-{SPAN}-01"),
        format!("cc-{TRACE}-{SPAN}-01-what-the-future-will-be-like"),
        format!("01-{TRACE}-{SPAN}-01-"),
    ] {
        let caller = extract(&[&traceparent], &[]).unwrap();
        assert_eq!(
            caller.traceparent().to_string(),
            valid(),
            "encoded as version 00"
        );
    }
}

#[test]
fn extract_keeps_known_flags_only_obs_6() {
    for (given, propagated) in [
        ("00", "00"),
        ("01", "01"),
        ("02", "02"),
        ("03", "03"),
        ("ff", "03"),
        ("fc", "00"),
    ] {
        let caller = extract(&[&format!("00-{TRACE}-{SPAN}-{given}")], &[]).unwrap();
        assert_eq!(
            caller.child().traceparent().to_string().rsplit('-').next(),
            Some(propagated)
        );
        assert_eq!(caller.is_sampled(), given.ends_with(['1', '3', 'f']));
    }
}

#[test]
fn root_sets_random_flag_obs_6() {
    assert!(
        TraceContext::root(false)
            .traceparent()
            .to_string()
            .ends_with("-02")
    );
    assert!(
        TraceContext::root(true)
            .traceparent()
            .to_string()
            .ends_with("-03")
    );
}

#[test]
fn extract_joins_tracestate_headers_in_order_obs_6() {
    assert_eq!(
        state_of(&["foo=1,bar=2", "baz=3"]).as_deref(),
        Some("foo=1,bar=2,baz=3")
    );
    assert_eq!(
        state_of(&["foo=1", "", " \t", "bar=2,,, baz=3 ,"]).as_deref(),
        Some("foo=1,bar=2,baz=3")
    );
    assert_eq!(state_of(&[]), None);
    assert_eq!(state_of(&["", ","]), None);
    assert_eq!(
        state_of(&["foo= 1 2 "]).as_deref(),
        Some("foo= 1 2"),
        "spaces inside a value are kept"
    );
}

#[test]
fn extract_accepts_keys_of_level_2_obs_6() {
    let longest = "z".repeat(256);
    for key in [
        "a",
        "0",
        "0a",
        "a_-*/",
        "tenant@system",
        "a@b@c",
        "1@s",
        "a@",
        "fw529a3039@dt",
        &longest,
    ] {
        assert_eq!(
            state_of(&[&format!("{key}=1")]),
            Some(format!("{key}=1")),
            "{key}"
        );
    }
    let too_long = "z".repeat(257);
    for key in [
        "", "A", "aB", "@a", "_a", "a b", "a.b", "a\tb", "é", &too_long,
    ] {
        assert_eq!(state_of(&[&format!("{key}=1")]), None, "{key}");
    }
}

#[test]
fn extract_validates_tracestate_values_obs_6() {
    let longest = "x".repeat(256);
    for value in ["1", "a b", "~!\"#$%&'()*+-./:;<>?@[\\]^_`{|}", &longest] {
        assert_eq!(
            state_of(&[&format!("foo={value}")]),
            Some(format!("foo={value}")),
            "{value}"
        );
    }
    let too_long = "x".repeat(257);
    for value in ["", "a=b", "a\u{1}b", "a\u{7f}", "é", "a\tb", &too_long] {
        assert_eq!(state_of(&[&format!("foo={value}")]), None, "{value}");
    }
}

#[test]
fn extract_drops_invalid_tracestate_and_keeps_trace_obs_6() {
    assert_eq!(state_of(&["foo=1,bar", "baz=3"]), None);
    assert_eq!(state_of(&["foo =1"]), None);
    let members = |count: usize| {
        (0..count)
            .map(|number| format!("bar{number:02}=1"))
            .collect::<Vec<_>>()
            .join(",")
    };
    assert_eq!(state_of(&[&members(32)]), Some(members(32)));
    assert_eq!(state_of(&[&members(33)]), None);
}

#[test]
fn extract_keeps_first_of_duplicate_tracestate_keys_obs_6() {
    assert_eq!(state_of(&["foo=1", "foo=1"]).as_deref(), Some("foo=1"));
    assert_eq!(
        state_of(&["foo=1,bar=3", "foo=2"]).as_deref(),
        Some("foo=1,bar=3")
    );
    let repeated = vec!["foo=1"; 40].join(",");
    assert_eq!(state_of(&[&repeated]).as_deref(), Some("foo=1"));
    assert_eq!(state_of(&["foo=1,foo=a=b"]), None, "an invalid member");
}

#[test]
fn extract_shortens_tracestate_by_large_members_obs_6() {
    let large = format!("large={}", "x".repeat(250));
    let others: Vec<_> = (0..24)
        .map(|number| format!("key{number:02}={}", "y".repeat(90)))
        .collect();
    let propagated = state_of(&[&large, &others.join(",")]).unwrap();
    assert!(
        propagated.len() >= 512 && propagated.len() <= 2_048,
        "{}",
        propagated.len()
    );
    assert!(!propagated.contains("large=") && propagated.starts_with("key00="));
    let fits = format!("foo={},bar={}", "x".repeat(250), "y".repeat(253));
    assert_eq!(state_of(&[&fits]), Some(fits));
}

fn with_baggage(values: &[&str]) -> TraceContext {
    let header = valid();
    TraceContext::extract(
        [header.as_bytes()],
        [],
        values.iter().map(|value| value.as_bytes()),
    )
    .unwrap()
}

#[test]
fn baggage_values_are_decoded_obs_6() {
    let context =
        with_baggage(&["user=alice%20b , tier=gold;ttl=3", "broken,region=%C3%A9"]).child();
    assert_eq!(
        context.baggage(),
        Some("user=alice%20b,tier=gold;ttl=3,region=%C3%A9")
    );
    assert_eq!(context.baggage_value("user").as_deref(), Some("alice b"));
    assert_eq!(context.baggage_value("tier").as_deref(), Some("gold"));
    assert_eq!(context.baggage_value("region").as_deref(), Some("é"));
    assert_eq!(context.baggage_value("absent"), None);
}

#[test]
fn baggage_propagates_without_trace_obs_6() {
    let context = TraceContext::root(false).with_baggage([&b"tenant=blue"[..]]);
    assert_eq!(
        context.child().baggage_value("tenant").as_deref(),
        Some("blue")
    );
    assert_eq!(context.tracestate(), None);
}

#[test]
fn baggage_replaces_tabs_by_spaces_obs_6() {
    let context = with_baggage(&["user=alice\t;\tttl=3"]);
    assert_eq!(context.baggage(), Some("user=alice ; ttl=3"));
}

#[test]
fn baggage_has_bounded_size_obs_6() {
    let many = (0..100)
        .map(|number| format!("k{number}=v"))
        .collect::<Vec<_>>()
        .join(",");
    assert_eq!(
        with_baggage(&[&many]).baggage().unwrap().split(',').count(),
        64
    );
    let long = (0..60)
        .map(|number| format!("k{number}={}", "v".repeat(500)))
        .collect::<Vec<_>>()
        .join(",");
    assert!(with_baggage(&[&long]).baggage().unwrap().len() <= 8_192);
}

/// Header values that are nearly valid, which random bytes seldom are.
fn hostile() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let part = prop_oneof![
        any::<Vec<u8>>(),
        "[-0-9a-fA-F]{0,60}".prop_map(String::into_bytes),
        "([a-z0-9@*/_ -]{0,12}=?[ -~]{0,12}[,;\t ]{0,3}){0,40}".prop_map(String::into_bytes),
        "([a-zA-Z]{1,4}=(%[0-9a-fA-F]{0,2}|[ -~]|é){0,8},){0,80}".prop_map(String::into_bytes),
        "[a-z]=[!-~&&[^,=]]{200,300}".prop_map(String::into_bytes),
    ];
    proptest::collection::vec(part, 0..4)
}

proptest! {
    #[test]
    fn extract_accepts_arbitrary_bytes_obs_6(parents in hostile(), states in hostile(), bags in hostile()) {
        if let Some(context) = TraceContext::extract(parents.iter().map(Vec::as_slice), [], []) {
            prop_assert_eq!(parents.len(), 1);
            let header = context.traceparent().to_bytes();
            prop_assert!(TraceContext::extract([&header[..]], [], []).is_some());
        }
        let header = valid();
        let context = TraceContext::extract(
            [header.as_bytes()],
            states.iter().map(Vec::as_slice),
            bags.iter().map(Vec::as_slice),
        );
        let context = context.unwrap();
        prop_assert_eq!(context.traceparent().to_string(), header);
        for text in [context.tracestate(), context.baggage()].into_iter().flatten() {
            prop_assert!(text.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{text:?}");
            let keys: Vec<_> = text.split(',').map(|member| member.split('=').next()).collect();
            prop_assert!(keys.iter().all(|key| key.is_some_and(|key| !key.is_empty())));
            for key in keys.into_iter().flatten() {
                let _ = context.baggage_value(key.trim());
            }
        }
        prop_assert!(context.tracestate().is_none_or(|text| text.len() <= 2_048 && text.split(',').count() <= 32));
        prop_assert!(context.baggage().is_none_or(|text| text.len() <= 8_192 && text.split(',').count() <= 64));
    }

    #[test]
    fn extract_reads_encoded_traceparent_obs_6(trace in 1_u128.., span in 1_u64.., flags in 0_u8..4) {
        let header = format!("00-{trace:032x}-{span:016x}-{flags:02x}");
        prop_assert_eq!(extract(&[&header], &[]).unwrap().traceparent().to_string(), header);
    }

    #[test]
    fn extract_is_idempotent_for_tracestate_obs_6(text in "([a-z@]{1,5}=[ -~]{1,5},?){0,6}") {
        if let Some(once) = state_of(&[&text]) {
            prop_assert_eq!(state_of(&[&once]), Some(once));
        }
    }
}
