//! The result of an audit and its printed forms. An output is one file here; all take a finished [`Report`].

pub(crate) mod diff;
mod finding;
pub(crate) mod fingerprint;
mod frame;
mod json;
mod pretty;
#[cfg(test)]
mod sample;
mod score;
mod summary;

pub(crate) use finding::Findings;
pub use finding::{Finding, Passed, SwitchedOff, Unknown};
pub use frame::{Frame, FrameLine};
pub use json::{JSON_SCHEMA, json};
pub use pretty::{explanation, pretty, rule_list};
pub use score::{CategoryScore, Score};
pub use summary::{LeftOut, Report, ServiceSummary, Verdict};
