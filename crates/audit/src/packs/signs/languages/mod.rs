//! Signs of one language or format each, where the general lists have no pattern for it.

mod csharp;
mod go;
mod jvm;
mod manifests;
mod php;
mod python;
mod ruby;
mod ruby_settings;
mod rust;
mod script;
mod service_details;
mod shared;
mod small_mistakes;

use super::{GO, JVM, PYTHON, SCRIPT, Sign, inside, review};
use crate::model::facts::Practice;

const PHP: &[&str] = &[".php"];
const RUBY: &[&str] = &[".rb"];
const CSHARP: &[&str] = &[".cs"];
const RUST: &[&str] = &[".rs"];

pub(super) const LISTS: &[&[Sign]] = &[
    csharp::SIGNS,
    go::SIGNS,
    jvm::SIGNS,
    manifests::SIGNS,
    php::SIGNS,
    python::SIGNS,
    ruby::SIGNS,
    ruby_settings::SIGNS,
    rust::SIGNS,
    script::SIGNS,
    service_details::SIGNS,
    small_mistakes::SIGNS,
    shared::SIGNS,
];

const SQL: &str = "the statement of `{}` contains the text of a variable";
const COMMAND: &str = "a command line of `{}` contains a value";
const CHOSEN: &str = "the caller chooses what `{}` reads or runs";
const CREDENTIAL: &str = "`{}` has a literal credential";
const MISSING: &str = "a literal replaces the missing value of `{}`";
const LOCAL: &str = "without a setting, `{}` expects the dependency on this host";
const ERROR_TEXT: &str = "the response contains the text of an error (`{}`)";
const ENDLESS: &str = "`{}` has no timeout";
const ALL: &str = "`{}` reads every row";
const HEALTHY: &str = "the health route always succeeds (`{}`)";
const DEVELOPMENT: &str = "`{}` is a setting for development";
const PLAIN: &str = "`{}` stores or compares a password without a hash for passwords";
const PREDICTABLE: &str = "a secret comes from the predictable source `{}`";
const NEVER_EXPIRES: &str = "the token of `{}` never expires";
const FIELDS: &str = "the caller can set every field of the record through `{}`";
const LOGGED: &str = "`{}` logs what a caller sent";
const PASSWORD_LOGGED: &str = "`{}` is logged";
const PRINTED: &str = "`{}` prints without the logger";
const LOST: &str = "`{}` is read, changed and written back, so a parallel change is lost";
const OWNER: &str = "`{}` finds the record of any user by the ID of the request";
const OPEN: &str = "no guard protects `{}`";
const NAME: &str = "the name of the caller becomes a path (`{}`)";
const SIZE: &str = "`{}` accepts an upload of any size";
const VOLATILE: &str = "`{}` declares a queue that a restart of the broker deletes";
const TRANSIENT: &str =
    "a restart of the broker deletes the message of `{}`, which is not persistent";
const AUTOMATIC: &str = "`{}` acknowledges a message before it is handled";
const ONE_CONNECTION: &str = "`{}` is not retried, so startup fails if the dependency is not ready";
const HIDDEN: &str = "`{}` hides the failure";
const SHARED: &str = "parallel requests change `{}` without a lock, and each replica has its own";
const STOP: &str = "`{}` runs without a handler of SIGTERM, so a stop aborts the current message";
const BLOCKS: &str = "`{}` blocks the thread of other requests";
const GROWS: &str = "the key of `{}` never expires";
const RANGE: &str = "`{}` accepts a negative number";
const LOOKUP: &str = "`{}` fails if no record was found";

#[cfg(test)]
mod tests;
