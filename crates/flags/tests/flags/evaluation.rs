//! Evaluation in requests, its cost and its totality.

use std::sync::Arc;

use seaworthy_core::{Actor, RequestContext, RequestId, ServiceIdentity, TraceContext, context};
use seaworthy_flags::{
    Bucketing, Compiler, Context, DeclareError, ErrorCode, Flag, Flags, Reason, Strictness,
};
use serde_json::{Value, json};

fn publish(flags: &Flags, document: Value) {
    let set = Compiler::new(Bucketing::V3).compile(json!({"flags": document}), Strictness::Strict);
    flags.replace(set.unwrap()).unwrap();
}

fn on(default: &str) -> Value {
    json!({"state": "ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": default})
}

fn request(actor: Option<&str>) -> Arc<RequestContext> {
    let request = RequestContext::background(ServiceIdentity::new("orders", "1.0.0"));
    if let Some(actor) = actor {
        request.set_actor(Actor::new(actor));
    }
    Arc::new(request)
}

#[test]
fn unknown_flag_returns_default_of_code_flag_1() {
    let flags = Flags::new(Context::new());
    let evaluation = flags
        .declare(Flag::integer("missing", 7))
        .unwrap()
        .evaluate();
    assert_eq!((evaluation.value, evaluation.reason), (7, Reason::Error));
    assert_eq!(evaluation.error, Some(ErrorCode::FlagNotFound));
}

#[test]
fn request_keeps_its_flags_during_reload_conf_4() {
    let flags = Flags::new(Context::new());
    publish(&flags, json!({"a": on("on"), "b": on("on")}));
    let a = flags.declare(Flag::boolean("a", false)).unwrap();
    let b = flags.declare(Flag::boolean("b", false)).unwrap();
    context::sync_scope(request(None), || {
        assert!(a.get());
        publish(&flags, json!({"a": on("off"), "b": on("off")}));
        assert!(a.get() && b.get());
    });
    context::sync_scope(request(None), || assert!(!a.get() && !b.get()));
}

#[test]
fn actor_of_request_is_targeting_key_flag_1() {
    let flags = Flags::new(Context::new());
    let mut flag = on("off");
    flag["targeting"] = json!({"if": [{"==": [{"var": "targetingKey"}, "ann"]}, "on", null]});
    publish(&flags, json!({"beta": flag}));
    let beta = flags.declare(Flag::boolean("beta", false)).unwrap();
    assert!(context::sync_scope(request(Some("ann")), || beta.get()));
    assert!(!context::sync_scope(request(Some("bob")), || beta.get()));
    assert!(!context::sync_scope(request(None), || beta.get()));
}

#[test]
fn set_with_other_type_than_declared_changes_nothing_conf_4() {
    let flags = Flags::new(Context::new());
    publish(&flags, json!({"a": on("on")}));
    let a = flags.declare(Flag::boolean("a", false)).unwrap();
    let text = json!({"flags": {"a": {"state": "ENABLED", "variants": {"x": "x"}}}});
    let set = Compiler::new(Bucketing::V3)
        .compile(text, Strictness::Strict)
        .unwrap();
    let errors = flags.replace(set).unwrap_err();
    assert!(matches!(errors.as_slice(), [DeclareError::Mismatch { .. }]));
    assert!(a.get());
}

#[test]
fn integral_floats_are_integers_flag_1() {
    let flags = Flags::new(Context::new());
    publish(
        &flags,
        json!({"size": {"state": "ENABLED", "variants": {"a": 5.0}, "defaultVariant": "a"}}),
    );
    assert_eq!(flags.declare(Flag::integer("size", 0)).unwrap().get(), 5);
}

#[test]
fn static_flag_and_split_allocate_nothing_flag_1() {
    let flags = Flags::new(Context::new());
    let mut split = on("off");
    split["targeting"] = json!({"fractional": [["on", 50], ["off", 50]]});
    publish(&flags, json!({"plain": on("on"), "split": split}));
    let plain = flags.declare(Flag::boolean("plain", false)).unwrap();
    let split = flags.declare(Flag::boolean("split", false)).unwrap();
    let user = Context::new().targeting_key("user-7");
    let _warm = (plain.get(), split.get_with(&user));
    let counted = allocation_counter::measure(|| {
        for _ in 0..100 {
            std::hint::black_box((plain.get(), split.get_with(&user), plain.evaluate()));
        }
    });
    assert_eq!(counted.count_total, 0);
}

#[test]
fn rule_beyond_limits_is_rejected_flag_1() {
    let mut rule = json!("on");
    for _ in 0..40 {
        rule = json!({"if": [true, rule, null]});
    }
    let mut flag = on("off");
    flag["targeting"] = rule;
    let set =
        Compiler::new(Bucketing::V3).compile(json!({"flags": {"deep": flag}}), Strictness::Strict);
    let problems = set.unwrap_err();
    assert_eq!(problems[0].path, ["flags", "deep", "targeting"]);
}

#[test]
fn evaluation_is_event_of_sampled_span_flag_1() {
    let flags = Flags::new(Context::new());
    let mut beta = on("on");
    beta["metadata"] = json!({"flagSetId": "shop", "version": "7"});
    publish(&flags, json!({"beta": beta}));
    let beta = flags.declare(Flag::boolean("beta", false)).unwrap();
    let missing = flags.declare(Flag::boolean("missing", false)).unwrap();
    let service = ServiceIdentity::new("orders", "1.0.0");
    let events = |is_sampled| {
        let trace = TraceContext::root(is_sampled);
        let request = RequestContext::new(service.clone(), RequestId::generate(), trace);
        assert!(request.set_actor(Actor::new("user-7")));
        let request = Arc::new(request);
        context::sync_scope(request.clone(), || (beta.get(), missing.get()));
        request.take_span_events()
    };
    assert_eq!(events(false), []);
    let events = events(true);
    let names: Vec<_> = events.iter().map(|event| event.name).collect();
    assert_eq!(names, ["feature_flag.evaluation"; 2]);
    let expected = [
        ("feature_flag.key", "beta"),
        ("feature_flag.provider.name", "seaworthy"),
        ("feature_flag.result.reason", "static"),
        ("feature_flag.result.variant", "on"),
        ("feature_flag.context.id", "user-7"),
        ("feature_flag.set.id", "shop"),
        ("feature_flag.version", "7"),
    ];
    assert_eq!(
        events[0].attributes,
        expected.map(|(name, value)| (name, value.to_owned()))
    );
    let error = ("error.type", "flag_not_found".to_owned());
    assert_eq!(events[1].attributes.last(), Some(&error));
}
