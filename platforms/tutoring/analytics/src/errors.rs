use seaworthy::{core::FieldViolation, prelude::*};

seaworthy::errors! {
    other_user: Forbidden "FORBIDDEN" =>
        "you can record and read your own events only: leave out userId";
}

pub(crate) fn invalid(field: &str, problem: &str) -> Error {
    Error::invalid(vec![FieldViolation::new(field, problem)])
}
