use proptest::prelude::*;

use super::{
    Encoder, JsonMessage, decode_into,
    kind::{Decoded, Double, Duration, Int64, Kind, ParameterKind, Text, Timestamp, UInt64, Value},
    to_vec, write_with,
};
use crate::{Naming, Violations};

fn decode<K: Kind>(text: &str) -> Result<Decoded<K::Value>, serde_json::Error> {
    let mut violations = Violations::new(Naming::Json);
    K::decode(
        &mut serde_json::Deserializer::from_str(text),
        &mut violations,
    )
}

fn encode<K: Kind>(value: &K::Value) -> String {
    String::from_utf8(write_with(|encoder: &mut Encoder| encoder.value::<K>(value)).unwrap())
        .unwrap()
}

#[test]
fn empty_message_is_empty_object_api_1() {
    assert_eq!(to_vec(&()).unwrap(), b"{}");
    assert_eq!(<()>::FIELDS.len(), 0);
}

#[test]
fn value_without_json_form_is_error_api_1() {
    let beyond = prost_types::Timestamp {
        seconds: i64::MAX,
        nanos: 0,
    };
    assert!(write_with(|encoder| encoder.value::<Timestamp>(&beyond)).is_err());
    let endless = prost_types::Value::from(f64::NAN);
    assert!(write_with(|encoder| encoder.value::<Value>(&endless)).is_err());
}

#[test]
fn durations_beyond_the_range_are_not_written_api_1() {
    for (seconds, nanos) in [
        (i64::MIN, 0),
        (i64::MAX, 0),
        (0, i32::MIN),
        (0, i32::MAX),
        (-315_576_000_001, 0),
        (i64::MIN, i32::MIN),
    ] {
        let duration = prost_types::Duration { seconds, nanos };
        let written = write_with(|encoder| encoder.value::<Duration>(&duration));
        assert!(written.is_err(), "{duration:?}: {written:?}");
    }
}

#[test]
fn many_violations_are_cut_off_api_3() {
    let mut violations = Violations::new(Naming::Json);
    for _ in 0..1_000 {
        violations.add("wrong");
    }
    assert_eq!(violations.as_slice().len(), crate::MAX_VIOLATIONS);
}

proptest! {
    #[test]
    fn integers_survive_in_every_form_api_1(value: i64) {
        prop_assert_eq!(decode::<Int64>(&value.to_string()).unwrap(), Decoded::Value(value));
        prop_assert_eq!(decode::<Int64>(&encode::<Int64>(&value)).unwrap(), Decoded::Value(value));
        prop_assert_eq!(Int64::parameter(&value.to_string()).unwrap(), value);
        for other in [format!("{value}.000"), format!("{value}0e-1")] {
            prop_assert_eq!(decode::<Int64>(&format!("\"{other}\"")).unwrap(), Decoded::Value(value));
            prop_assert!(Int64::parameter(&other).is_err(), "one form in a path: {}", other);
        }
    }

    #[test]
    fn reads_integers_exactly_api_1(text in "-?[0-9]{1,22}(\\.[0-9]{1,3})?([eE][+-]?[0-9]{1,3})?") {
        if let Decoded::Value(value) = decode::<UInt64>(&format!("\"{text}\"")).unwrap() {
            let float: f64 = text.parse().unwrap();
            let difference = (value as f64 - float).abs();
            prop_assert!(difference <= float.abs() * 1e-15, "{} became {}", text, value);
        }
    }

    #[test]
    fn floats_and_text_survive_api_1(number: f64, text: String) {
        let read = decode::<Double>(&encode::<Double>(&number)).unwrap();
        prop_assert!(matches!(read, Decoded::Value(value) if value == number || (value.is_nan() && number.is_nan())));
        prop_assert_eq!(decode::<Text>(&encode::<Text>(&text)).unwrap(), Decoded::Value(text));
    }

    #[test]
    fn times_survive_api_1(seconds in -62_135_596_800_i64..=253_402_300_799, nanos in 0..1_000_000_000) {
        let time = prost_types::Timestamp { seconds, nanos };
        prop_assert_eq!(decode::<Timestamp>(&encode::<Timestamp>(&time)).unwrap(), Decoded::Value(time));
    }

    #[test]
    fn durations_survive_api_1(seconds in -315_576_000_000_i64..=315_576_000_000, nanos in 0..1_000_000_000) {
        let nanos = if seconds.abs() == 315_576_000_000 { 0 } else { nanos };
        let duration = prost_types::Duration { seconds, nanos: if seconds < 0 { -nanos } else { nanos } };
        prop_assert_eq!(decode::<Duration>(&encode::<Duration>(&duration)).unwrap(), Decoded::Value(duration));
    }

    #[test]
    fn parameter_never_panics_api_3(text in "[-+0-9.eETZs:]{0,40}|.{0,40}") {
        let _ = Int64::parameter(&text);
        let _ = Double::parameter(&text);
        let _ = Timestamp::parameter(&text);
        let _ = Duration::parameter(&text);
    }

    #[test]
    fn decoder_never_panics_api_3(bytes: Vec<u8>) {
        let _ = decode_into(&bytes, &mut (), &mut Violations::new(Naming::Json));
    }
}
