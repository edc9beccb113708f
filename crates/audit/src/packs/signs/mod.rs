//! Signs: patterns in the text of a file that show whether a practice is followed.
//!
//! A sign needs no grammar, so it works for languages and formats that the auditor does not parse.
//! One folder per subject, such as `messaging`, has a file for each list. A sign that needs the
//! structure of the code belongs in the pack of its language.

mod ascii;
mod authorization;
mod body;
mod calls;
mod compiled;
mod configuration;
mod data;
mod deployment;
mod errors;
mod functions;
mod languages;
mod lifecycle;
mod logging;
mod messaging;
#[cfg(test)]
mod observes;
mod scope;
mod sign;
mod sign_lists;
mod technologies;
mod text_reader;
mod untrusted_input;

pub(in crate::packs) use self::functions::{
    compares_state, compensates, guards, handles_messages, is_compared, recognizes_repeats,
};
use self::sign::{GO, HANDLER, JVM, ONE_FUNCTION, PYTHON, SCRIPT, Sign, inside, review};
pub(crate) use self::text_reader::reads;
use super::{Pack, Reader};

pub(super) const PACKS: &[&[Pack]] = &[
    &[
        Pack {
            name: "signs",
            reader: Reader::Text(text_reader::read),
        },
        functions::PACK,
    ],
    authorization::PACKS,
    data::PACKS,
    errors::PACKS,
    lifecycle::PACKS,
    technologies::PACKS,
];
