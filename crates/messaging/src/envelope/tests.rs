use proptest::prelude::*;

use super::*;

const ENCODING: HeaderEncoding = HeaderEncoding { prefix: "ce_" };

fn topic() -> Topic {
    Topic::new("symbol.created").unwrap()
}

proptest! {
    #[test]
    fn envelope_survives_headers_msg_6(
        payload: Vec<u8>,
        key in proptest::option::of("[^\\p{Cc}]{1,20}"),
        subject in proptest::option::of("[^\\p{Cc}]{1,20}"),
        version: Option<u32>,
        recipient in proptest::option::of("[a-z]{1,20}"),
        attributes in proptest::collection::btree_map("x[a-z0-9]{1,10}", "[^\\p{Cc}]{0,20}", 0..5),
        headers in proptest::collection::btree_map("x-[a-z0-9-]{1,10}", "[^\\p{Cc}]{0,20}", 0..5),
    ) {
        let mut envelope = Envelope::new(topic(), "symbol.created", "symbols", payload);
        envelope.time = DateTime::from_timestamp_micros(1_700_000_000_123_456);
        envelope.version = version;
        envelope.key = key.map(Into::into);
        envelope.subject = subject.map(Into::into);
        envelope.recipient = recipient.map(|name| GroupName::new(&name).unwrap());
        for (name, value) in attributes {
            envelope = envelope.with_attribute(&name, value);
        }
        for (name, value) in headers {
            envelope = envelope.with_header(name, value);
        }
        prop_assert!(envelope.check_headers().is_ok());
        let again = Envelope::from_headers(ENCODING, topic(), envelope.to_headers(ENCODING), envelope.payload.clone());
        prop_assert_eq!(again, envelope);
    }

    #[test]
    fn client_traces_keep_messages_publishable_msg_6(
        state in proptest::collection::vec(any::<u8>(), 0..100),
        baggage in "[a-z]{1,3}=[ -~\t]{0,10}([,;][ -~\t]{0,10}){0,3}",
    ) {
        let trace = TraceContext::root(true).with_baggage([baggage.as_bytes(), &state]);
        let envelope = Envelope::new(topic(), "symbol.created", "symbols", Vec::new()).with_trace(&trace);
        prop_assert!(envelope.check_headers().is_ok());
    }
}

#[test]
fn foreign_message_keeps_derived_id_msg_5() {
    let foreign = |payload: &'static [u8]| {
        let headers = [("request_id".to_owned(), "abc".to_owned())];
        Envelope::from_headers(ENCODING, topic(), headers, Bytes::from_static(payload))
    };
    assert_eq!(foreign(b"one").id(), foreign(b"one").id());
    assert_ne!(foreign(b"one").id(), foreign(b"two").id());
    assert_eq!(foreign(b"one").event_type(), "symbol.created");
    assert_eq!(
        foreign(b"one").attribute(attribute::REQUEST_ID),
        Some("abc")
    );
}

#[test]
fn rejects_headers_that_an_engine_cannot_carry_msg_8() {
    let envelope = || Envelope::new(topic(), "symbol.created", "symbols", "");
    for bad in [
        envelope().with_header("a b", "c"),
        envelope().with_header("", "c"),
        envelope().with_header("a", "b\r\nc: d"),
        envelope().with_header("a", "x".repeat(5_000)),
        envelope().with_key("a\0"),
    ] {
        assert!(bad.check_headers().is_err(), "{bad:?}");
    }
}

#[test]
fn debug_output_omits_payload_obs_3() {
    let envelope = Envelope::new(topic(), "symbol.created", "symbols", "ada@example.org");
    assert!(!format!("{envelope:?}").contains("ada"));
}
