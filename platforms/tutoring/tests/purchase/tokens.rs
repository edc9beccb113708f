use tutoring_contract::Role;
use tutoring_testkit::token;
use uuid::Uuid;

pub(crate) use tutoring_testkit::{SECRET, SESSION};

const PERMISSIONS: [&str; 10] = [
    "price:write",
    "coins:write",
    "payment:read",
    "payment:refund",
    "allocation:read",
    "allocation:write",
    "session:read",
    "session:write",
    "reschedule:decide",
    "substitution:write",
];

pub(crate) fn student_token(student: Uuid) -> String {
    token(student, Role::Student, &[])
}

pub(crate) fn trainer_token(trainer: Uuid) -> String {
    token(trainer, Role::Trainer, &[])
}

/// Returns the token of an administrator with all permissions of these tests.
pub(crate) fn operator_token() -> String {
    token(Uuid::from_u128(0xad), Role::Admin, &PERMISSIONS)
}
