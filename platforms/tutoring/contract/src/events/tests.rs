use std::collections::BTreeSet;

use seaworthy::{
    core::{Actor, Grants, ServiceIdentity},
    prelude::*,
};

use super::*;
use crate::Role;

#[test]
fn every_kind_has_its_own_topic_msg_6() {
    let topics: BTreeSet<_> = KINDS.iter().map(|(_, topic)| *topic).collect();
    assert_eq!((topics.len(), KINDS.len()), (22, 22));
    for (name, topic) in KINDS {
        assert_eq!(name.to_lowercase().replace('_', "-"), *topic);
    }
}

#[test]
fn events_of_a_student_have_one_key_msg_3() {
    let student_id = Uuid::from_u128(7);
    let refunded = PaymentRefunded {
        payment_id: Uuid::from_u128(1),
        student_id,
        course_id: Uuid::from_u128(2),
        amount_cents: 900_000,
    };
    assert_eq!(refunded.key(), EventKey::Student(student_id));
    let event = BusinessEvent::new(refunded).by(student_id, Role::Student);
    let body = serde_json::to_value(&event).unwrap();
    assert_eq!(body["amountCents"], 900_000);
    assert_eq!(body["role"], "student");
    assert_eq!(body["userId"], json!(student_id));
    let read: BusinessEvent<PaymentRefunded> = serde_json::from_value(body).unwrap();
    assert_eq!(read, event);
}

#[test]
fn subject_of_a_refund_is_its_payment_msg_6() {
    let refunded = PaymentRefunded {
        payment_id: Uuid::from_u128(1),
        student_id: Uuid::from_u128(7),
        course_id: Uuid::from_u128(2),
        amount_cents: 900_000,
    };
    assert_eq!(refunded.entity(), Uuid::from_u128(1).to_string());
}

#[test]
fn event_without_user_names_user_of_its_key_msg_6() {
    let key = EventKey::Trainer(Uuid::from_u128(7));
    assert_eq!(key.user(), Some((Uuid::from_u128(7), Role::Trainer)));
    assert_eq!(EventKey::Entity("course-7".to_owned()).user(), None);
}

#[test]
fn event_without_user_names_the_caller_msg_6() {
    let (admin, student_id) = (Uuid::from_u128(1), Uuid::from_u128(7));
    let refunded = PaymentRefunded {
        payment_id: Uuid::from_u128(2),
        student_id,
        course_id: Uuid::from_u128(3),
        amount_cents: 1,
    };
    let user = || {
        let event = BusinessEvent::new(refunded.clone()).attributed();
        event.user_id.zip(event.role)
    };
    let service = ServiceIdentity::new("test", "1");
    let of_role = |actor: &str, role: &str| {
        let context = RequestContext::background(service.clone());
        context.set_actor(Actor::new(actor));
        context.set_grants(Grants::new([role], [""; 0]));
        context::sync_scope(context.into(), user)
    };
    assert_eq!(
        of_role(&admin.to_string(), "admin"),
        Some((admin, Role::Admin))
    );
    let of_student = Some((student_id, Role::Student));
    assert_eq!(of_role("tutoring-payment", "service"), of_student);
    assert_eq!(user(), of_student);
}

#[test]
fn notifications_name_their_recipient_twice_msg_6() {
    let recipient_id = Uuid::from_u128(7);
    let requested = NotificationRequested {
        recipient_id,
        notification_type: "system".to_owned(),
        title: "a title".to_owned(),
        body: "a text".to_owned(),
        data: None,
    };
    let event = BusinessEvent::new(requested).by(recipient_id, Role::Trainer);
    let body = serde_json::to_value(&event).unwrap();
    assert_eq!(
        (&body["userId"], &body["recipientId"]),
        (&json!(recipient_id), &json!(recipient_id))
    );
    let read: BusinessEvent<NotificationRequested> = serde_json::from_value(body).unwrap();
    assert_eq!(read, event);
}
