use std::time::Duration;

use super::*;
use crate::{
    EventType, HookPoint,
    runtime::{Caller, HookContext},
};

fn limits(payload: usize) -> CallLimits {
    CallLimits {
        timeout: Duration::from_secs(1),
        memory: 0,
        payload,
        host_calls: 0,
        cpu_time: Duration::from_secs(1),
        caller: Caller::default(),
    }
}

const TIMES: Times = Times { has_clock: true };

/// A hook whose data have 23 bytes besides those of its context.
fn input(context: HookContext) -> HookInput {
    HookInput {
        hook: "guard".to_owned(),
        point: HookPoint::BeforeBiz,
        context,
        values: [("total".to_owned(), 7.into())].into_iter().collect(),
        metadata: vec![("a".to_owned(), "b".to_owned())],
    }
}

#[test]
fn context_of_a_hook_counts_towards_the_payload_plug_2() {
    let empty = hook_call(&input(HookContext::default()), TIMES, &limits(23)).unwrap();
    assert_eq!(empty.point, "before_biz");
    let refused = hook_call(&input(HookContext::default()), TIMES, &limits(22)).unwrap_err();
    assert_eq!(refused, CallError::Input(22));
    let text = |length: usize| "x".repeat(length);
    for context in [
        HookContext {
            request_id: text(100),
            ..HookContext::default()
        },
        HookContext {
            actor: Some(text(100)),
            ..HookContext::default()
        },
        HookContext {
            tenant: Some(text(100)),
            ..HookContext::default()
        },
    ] {
        let input = input(context);
        hook_call(&input, TIMES, &limits(123)).unwrap();
        assert_eq!(
            hook_call(&input, TIMES, &limits(122)).unwrap_err(),
            CallError::Input(122)
        );
    }
}

#[test]
fn type_and_time_of_an_event_count_towards_the_payload_plug_2() {
    let event = Event::new(EventType::USER_LOGIN, "accounts");
    let texts = [
        event.id(),
        "user.login",
        "accounts",
        &TIMES.text(event.time()),
        "{}",
    ];
    let size = texts.map(str::len).iter().sum();
    guest_event(&event, TIMES, &limits(size)).unwrap();
    let refused = guest_event(&event, TIMES, &limits(size - 1)).unwrap_err();
    assert_eq!(refused, CallError::Input(size - 1));
}

#[test]
fn context_of_a_question_counts_towards_the_payload_plug_2() {
    let question = Question {
        subject: "u-7".to_owned(),
        action: "read".to_owned(),
        resource: "order".to_owned(),
        context: [("text".to_owned(), "abc".into())].into_iter().collect(),
    };
    guest_question(&question, &limits(21)).unwrap();
    assert_eq!(
        guest_question(&question, &limits(20)).unwrap_err(),
        CallError::Input(20)
    );
}
