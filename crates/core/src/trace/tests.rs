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
fn a_valid_traceparent_is_continued_obs_6() {
    let caller = extract(&[&valid()], &[]).unwrap();
    assert_eq!(
        (caller.trace_id().to_string(), caller.span_id().to_string()),
        (TRACE.into(), SPAN.into())
    );
    assert!(caller.sampled());
    let ours = caller.child();
    assert_eq!(ours.trace_id(), caller.trace_id());
    assert_eq!(ours.parent_id(), Some(caller.span_id()));
    assert_ne!(ours.span_id(), caller.span_id());
}

#[test]
fn white_space_around_the_value_means_nothing_obs_6() {
    assert!(extract(&[&format!(" \t{}\t ", valid())], &[]).is_some());
}

#[test]
fn an_invalid_traceparent_begins_a_new_trace_obs_6() {
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
fn none_or_two_traceparents_begin_a_new_trace_obs_6() {
    assert_eq!(extract(&[], &["vendor=1"]), None);
    assert_eq!(extract(&[&valid(), &valid()], &[]), None);
}

#[test]
fn a_future_version_is_read_by_what_is_known_of_it_obs_6() {
    for traceparent in [
        format!("cc-{TRACE}-{SPAN}-01"),
        format!("cc-{TRACE}-{SPAN}-01-what-the-future-will-be-like"),
        format!("01-{TRACE}-{SPAN}-01-"),
    ] {
        let caller = extract(&[&traceparent], &[]).unwrap();
        assert_eq!(
            caller.traceparent().to_string(),
            valid(),
            "it is passed on as version 00"
        );
    }
}

#[test]
fn flags_that_are_known_are_kept_and_others_are_not_passed_on_obs_6() {
    for (given, passed_on) in [
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
            Some(passed_on)
        );
        assert_eq!(caller.sampled(), given.ends_with(['1', '3', 'f']));
    }
}

#[test]
fn a_trace_that_begins_here_says_that_its_identifier_is_random_obs_6() {
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
fn tracestate_headers_are_combined_in_order_and_empty_members_mean_nothing_obs_6() {
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
        "blanks inside a value belong to it"
    );
}

#[test]
fn keys_follow_level_2_obs_6() {
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
fn values_follow_the_grammar_obs_6() {
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
fn one_bad_member_two_equal_keys_or_33_members_drop_the_whole_tracestate_but_not_the_trace_obs_6() {
    assert_eq!(state_of(&["foo=1,bar", "baz=3"]), None);
    assert_eq!(state_of(&["foo=1", "foo=2"]), None);
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
fn at_least_512_characters_are_passed_on_and_large_members_go_first_obs_6() {
    let large = format!("large={}", "x".repeat(250));
    let others: Vec<_> = (0..24)
        .map(|number| format!("key{number:02}={}", "y".repeat(90)))
        .collect();
    let passed_on = state_of(&[&large, &others.join(",")]).unwrap();
    assert!(
        passed_on.len() >= 512 && passed_on.len() <= 2_048,
        "{}",
        passed_on.len()
    );
    assert!(!passed_on.contains("large=") && passed_on.starts_with("key00="));
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
fn baggage_is_passed_on_and_its_values_are_decoded_obs_6() {
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
fn baggage_travels_without_a_trace_too_obs_6() {
    let context = TraceContext::root(false).with_baggage([&b"tenant=blue"[..]]);
    assert_eq!(
        context.child().baggage_value("tenant").as_deref(),
        Some("blue")
    );
    assert_eq!(context.tracestate(), None);
}

#[test]
fn tabs_in_baggage_become_spaces_obs_6() {
    let context = with_baggage(&["user=alice\t;\tttl=3"]);
    assert_eq!(context.baggage(), Some("user=alice ; ttl=3"));
}

#[test]
fn baggage_is_bounded_obs_6() {
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

proptest! {
    #[test]
    fn no_header_breaks_the_parser_obs_6(parents in proptest::collection::vec(any::<Vec<u8>>(), 0..3), states in proptest::collection::vec(any::<Vec<u8>>(), 0..3)) {
        let _ = TraceContext::extract(parents.iter().map(Vec::as_slice), states.iter().map(Vec::as_slice), states.iter().map(Vec::as_slice));
        let header = valid();
        let context = TraceContext::extract([header.as_bytes()], states.iter().map(Vec::as_slice), states.iter().map(Vec::as_slice)).unwrap();
        prop_assert!(context.baggage().is_none_or(|text| !text.contains(char::is_control)));
        prop_assert!(context.tracestate().is_none_or(|text| text.is_ascii() && !text.contains(['\n', '\r'])));
        prop_assert!(context.baggage().is_none_or(|text| text.is_ascii() && !text.contains(['\n', '\r'])));
    }

    #[test]
    fn what_is_written_can_be_read_obs_6(trace in 1_u128.., span in 1_u64.., flags in 0_u8..4) {
        let header = format!("00-{trace:032x}-{span:016x}-{flags:02x}");
        prop_assert_eq!(extract(&[&header], &[]).unwrap().traceparent().to_string(), header);
    }

    #[test]
    fn a_tracestate_that_is_kept_is_kept_the_same_twice_obs_6(text in "([a-z@]{1,5}=[ -~]{1,5},?){0,6}") {
        if let Some(once) = state_of(&[&text]) {
            prop_assert_eq!(state_of(&[&once]), Some(once));
        }
    }
}
