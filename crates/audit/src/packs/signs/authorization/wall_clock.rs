//! Expiries of tokens from a local time that code reads in a fixed zone.

use super::{JVM, PYTHON, Sign, review};
use crate::model::facts::Practice;

pub(super) const SIGNS: &[Sign] = &[
    review(
        Practice::TokenLifetime,
        JVM,
        r#"(?P<what>\bLocalDateTime\.now\(\s*\)[\s\S]{0,80}?\.toInstant\(\s*ZoneOffset\.of)\("#,
        "",
        "the expiry is a local time that the code reads in a fixed zone, so the lifetime depends on the zone of the host",
    ),
    review(
        Practice::TokenLifetime,
        PYTHON,
        r#"["']exp["']\s*(?:\]\s*=|:)\s*(?P<what>(?:datetime\.)+now\(\s*\))\s*\+"#,
        "",
        "`{}` is a local time, and the claim `exp` is read as UTC, so the lifetime depends on the zone of the host",
    ),
];
