//! JSON-like text of every kind against the generated decoder.

use proptest::prelude::*;
use prost::Message;
use seaworthy_contract::{
    Naming, Validate, Violations,
    json::{self, JsonMessage},
};

use crate::generated::Everything;

fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        "[0-9A-Z_a-z=.:-]{0,12}".prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::vec((any_name(), inner), 0..6)
                .prop_map(|members| { serde_json::Value::Object(members.into_iter().collect()) }),
        ]
    })
}

fn any_name() -> impl Strategy<Value = String> {
    let fields = Everything::FIELDS;
    prop_oneof![
        4 => (0..fields.len()).prop_map(move |index| fields[index].json.to_owned()),
        1 => "[a-z0-9]{0,3}",
    ]
}

fn object() -> impl Strategy<Value = String> {
    prop::collection::vec((any_name(), any_json()), 0..12).prop_map(|members| {
        let members: Vec<String> = members
            .into_iter()
            .map(|(name, value)| format!("{name:?}:{value}"))
            .collect();
        format!("{{{}}}", members.join(","))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn valid_json_is_read_or_every_bad_field_is_named_api_3(text in object()) {
        let mut message = Everything::default();
        let mut violations = Violations::new(Naming::Json);
        let read = json::decode_into(text.as_bytes(), &mut message, &mut violations);
        prop_assert!(read.is_ok(), "{:?}: {}", read, text);
        message.validate(&mut violations);
        if violations.is_empty() {
            let written = json::to_vec(&message).unwrap();
            let mut again = Everything::default();
            json::decode_into(&written, &mut again, &mut violations).unwrap();
            prop_assert!(violations.is_empty(), "{:?}", violations);
            // Compared as bytes: a NaN is not equal to itself.
            prop_assert_eq!(again.encode_to_vec(), message.encode_to_vec());
        }
    }

    #[test]
    fn broken_json_never_panics_api_3(text in object(), cut: prop::sample::Index, byte: u8) {
        let mut bytes = text.into_bytes();
        let at = cut.index(bytes.len());
        bytes[at] = byte;
        let mut violations = Violations::new(Naming::Json);
        let _ = json::decode_into(&bytes, &mut Everything::default(), &mut violations);
        bytes.truncate(at);
        let _ = json::decode_into(&bytes, &mut Everything::default(), &mut violations);
    }

    #[test]
    fn any_query_is_read_or_rejected_api_3(name in any_name(), rest in "(\\.[a-zA-Z.]{0,12})?", text in ".{0,16}") {
        let mut violations = Violations::new(Naming::Json);
        json::parameter::set(&mut Everything::default(), &format!("{name}{rest}"), &text, &mut violations);
    }

    #[test]
    fn parameters_of_any_depth_are_read_or_rejected_api_3(depth in 0..4_000_usize, name in any_name()) {
        let mut violations = Violations::new(Naming::Json);
        let mut message = Everything::default();
        let path = format!("{}{name}", "child.".repeat(depth));
        json::parameter::set(&mut message, &path, "1", &mut violations);
        if depth >= json::parameter::MAX_PARAMETER_DEPTH {
            prop_assert_eq!(message, Everything::default());
            prop_assert_eq!(violations.unread(), 1);
        }
    }
}
