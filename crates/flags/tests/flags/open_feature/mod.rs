//! The scenarios of the OpenFeature specification through the crate `open-feature`: evaluation,
//! hooks and the merging of contexts.
//!
//! Some scenarios do not apply. The crate has no transaction context and no `PROVIDER_FATAL`, its
//! hooks do not get the default of the caller, and the provider caches nothing.

mod hooks;

use std::sync::Arc;

use open_feature::{
    EvaluationContext, EvaluationContextFieldValue, EvaluationDetails, EvaluationError,
    FlagMetadataValue, OpenFeature, StructValue, Value as Field,
};
use seaworthy_core::{Actor, RequestContext, ServiceIdentity, context};
use seaworthy_flags::{Bucketing, Compiler, Context, Flags, OpenFeatureProvider, Strictness};
use serde_json::{Value, json};

fn flag(variants: Value, default: &str) -> Value {
    json!({"state": "ENABLED", "variants": variants, "defaultVariant": default})
}

/// A flag whose variant `zero` is for one address.
fn targeted(zero: Value, other: Value) -> Value {
    let mut flag = flag(json!({"zero": zero, "non-zero": other}), "zero");
    flag["targeting"] =
        json!({"if": [{"==": [{"var": "email"}, "ann@example.org"]}, "zero", null]});
    flag
}

fn flags() -> Flags {
    let boolean = json!({"on": true, "off": false});
    let mut disabled = flag(boolean.clone(), "on");
    disabled["state"] = json!("DISABLED");
    let mut described = flag(boolean.clone(), "on");
    described["metadata"] = json!({"string": "1.0.2", "integer": 2, "float": 0.1, "boolean": true});
    let mut broken = flag(boolean.clone(), "on");
    broken["targeting"] = json!({"if": [true, "no such variant", null]});
    let mut complex = flag(
        json!({"internal": "INTERNAL", "external": "EXTERNAL"}),
        "external",
    );
    complex["targeting"] = json!({"if": [{"and": [
        {"!": {"var": "customer"}},
        {"==": [{"var": "email"}, "ann@example.org"]},
        {">": [{"var": "age"}, 10]},
        {"==": [{"var": "address.city"}, "Paris"]},
    ]}, "internal", null]});
    let mut own = flag(json!({"ann": "ann", "none": "none"}), "none");
    own["targeting"] = json!({"if": [{"==": [{"var": "targetingKey"}, "ann"]}, "ann", null]});
    let flags = json!({"flags": {
        "boolean": flag(boolean, "on"),
        "string": flag(json!({"greeting": "hi", "parting": "bye"}), "greeting"),
        "integer": flag(json!({"one": 1, "ten": 10}), "ten"),
        "float": flag(json!({"tenth": 0.1, "half": 0.5}), "half"),
        "object": flag(json!({"empty": {}, "template": {"title": "a", "images": [1, 2.5, null]}}), "template"),
        "boolean-zero": targeted(json!(false), json!(true)),
        "string-zero": targeted(json!(""), json!("hi")),
        "integer-zero": targeted(json!(0), json!(1)),
        "float-zero": targeted(json!(0.0), json!(1.0)),
        "object-zero": targeted(json!({}), json!({"a": 1})),
        "disabled": disabled,
        "described": described,
        "broken": broken,
        "complex": complex,
        "own": own,
    }});
    let set = Compiler::new(Bucketing::V3).compile(flags, Strictness::Strict);
    let flags = Flags::new(Context::new());
    flags.replace(set.unwrap()).unwrap();
    flags
}

async fn api() -> OpenFeature {
    let mut api = OpenFeature::default();
    api.set_provider(OpenFeatureProvider::new(&flags())).await;
    api
}

/// The value, the variant and the reason, or the code of the error.
type Outcome = Result<(Field, Option<String>, String), String>;

fn outcome<T: Into<Field>>(details: Result<EvaluationDetails<T>, EvaluationError>) -> Outcome {
    let details = details.map_err(|error| error.code.to_string())?;
    let reason = details.reason.map(|reason| reason.to_string());
    Ok((
        details.value.into(),
        details.variant,
        reason.unwrap_or_default(),
    ))
}

/// Evaluates a flag of the type that the key begins with.
async fn evaluate(api: &OpenFeature, kind: &str, key: &str, email: Option<&str>) -> Outcome {
    let client = api.create_client();
    let context = email.map(|email| EvaluationContext::default().with_custom_field("email", email));
    let context = context.as_ref();
    match kind {
        "boolean" => outcome(client.get_bool_details(key, context, None).await),
        "string" => outcome(client.get_string_details(key, context, None).await),
        "integer" => outcome(client.get_int_details(key, context, None).await),
        "float" => outcome(client.get_float_details(key, context, None).await),
        _ => {
            let details = client
                .get_struct_details::<StructValue>(key, context, None)
                .await;
            outcome(details.map(|details| EvaluationDetails {
                value: Field::Struct(details.value),
                reason: details.reason,
                variant: details.variant,
                flag_key: details.flag_key,
                flag_metadata: details.flag_metadata,
            }))
        }
    }
}

const KINDS: [&str; 5] = ["boolean", "string", "integer", "float", "object"];

fn template() -> Field {
    let images = Field::Array(vec![Field::Int(1), Field::Float(2.5)]);
    let title = Field::String("a".to_owned());
    let fields = [("title".to_owned(), title), ("images".to_owned(), images)];
    Field::Struct(StructValue {
        fields: fields.into(),
    })
}

#[tokio::test]
async fn values_of_all_types_are_resolved_flag_1() {
    let api = api().await;
    let expected = [
        (Field::Bool(true), "on"),
        (Field::String("hi".to_owned()), "greeting"),
        (Field::Int(10), "ten"),
        (Field::Float(0.5), "half"),
        (template(), "template"),
    ];
    for (kind, (value, variant)) in KINDS.into_iter().zip(expected) {
        let expected = Ok((value, Some(variant.to_owned()), "STATIC".to_owned()));
        assert_eq!(evaluate(&api, kind, kind, None).await, expected);
    }
}

#[tokio::test]
async fn zero_values_are_values_with_their_reason_flag_1() {
    let api = api().await;
    let zeros = [
        Field::Bool(false),
        Field::String(String::new()),
        Field::Int(0),
        Field::Float(0.0),
        Field::Struct(StructValue::default()),
    ];
    for (kind, zero) in KINDS.into_iter().zip(zeros) {
        let key = format!("{kind}-zero");
        for (email, reason) in [
            (Some("ann@example.org"), "TARGETING_MATCH"),
            (Some("bob@example.org"), "DEFAULT"),
            (None, "DEFAULT"),
        ] {
            let expected = Ok((zero.clone(), Some("zero".to_owned()), reason.to_owned()));
            assert_eq!(evaluate(&api, kind, &key, email).await, expected);
        }
    }
}

#[tokio::test]
async fn failures_have_the_code_of_the_specification_flag_1() {
    let api = api().await;
    for kind in KINDS {
        let missing = evaluate(&api, kind, "missing", None).await;
        assert_eq!(missing, Err("FLAG_NOT_FOUND".to_owned()));
        let other = if kind == "boolean" {
            "string"
        } else {
            "boolean"
        };
        let wrong = evaluate(&api, kind, other, None).await;
        assert_eq!(wrong, Err("TYPE_MISMATCH".to_owned()), "{kind}");
    }
    let broken = evaluate(&api, "boolean", "broken", None).await;
    assert_eq!(broken, Err("GENERAL".to_owned()));
    let disabled = evaluate(&api, "boolean", "disabled", None).await;
    assert_eq!(disabled, Err("DISABLED".to_owned()));
    let context = EvaluationContext::default()
        .with_custom_field("a", EvaluationContextFieldValue::new_struct(7_u8));
    let client = api.create_client();
    let refused = client.get_bool_value("boolean", Some(&context), None).await;
    assert_eq!(refused.unwrap_err().code.to_string(), "INVALID_CONTEXT");
}

#[tokio::test]
async fn rule_reads_fields_of_all_types_flag_1() {
    let address = EvaluationContextFieldValue::new_struct(json!({"city": "Paris"}));
    let context = EvaluationContext::default()
        .with_custom_field("email", "ann@example.org")
        .with_custom_field("age", 65)
        .with_custom_field("customer", false)
        .with_custom_field("address", address);
    let client = api().await.create_client();
    let before = context.clone();
    let value = client
        .get_string_value("complex", Some(&context), None)
        .await;
    assert_eq!(value.unwrap(), "INTERNAL");
    assert_eq!(context.targeting_key, before.targeting_key);
}

#[tokio::test]
async fn metadata_of_flag_is_in_details_flag_1() {
    let client = api().await.create_client();
    let details = client.get_bool_details("described", None, None).await;
    let values = details.unwrap().flag_metadata.values;
    let expected = [
        ("string", FlagMetadataValue::String("1.0.2".to_owned())),
        ("integer", FlagMetadataValue::Int(2)),
        ("float", FlagMetadataValue::Float(0.1)),
        ("boolean", FlagMetadataValue::Bool(true)),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value));
    assert_eq!(values, expected.into());
    let plain = client.get_bool_details("boolean", None, None).await;
    assert!(plain.unwrap().flag_metadata.values.is_empty());
}

#[tokio::test]
async fn request_is_context_of_evaluation_flag_1() {
    let client = api().await.create_client();
    let request = RequestContext::background(ServiceIdentity::new("orders", "1.0.0"));
    request.set_actor(Actor::new("ann"));
    let own = context::scope(Arc::new(request), async {
        let bob = EvaluationContext::default().with_targeting_key("bob");
        let own = client.get_string_value("own", None, None).await;
        (own, client.get_string_value("own", Some(&bob), None).await)
    });
    let (own, of_bob) = own.await;
    assert_eq!(
        (own.unwrap(), of_bob.unwrap()),
        ("ann".into(), "none".into())
    );
}
