//! Errors whose cause is lost before anything logs it.

use super::{GO, Sign, inside};
use crate::model::facts::Practice;

pub(super) const SIGNS: &[Sign] = &[inside(
    Practice::IgnoredError,
    GO,
    r"err != nil \{\s*\n\s*return (?:[^\n]*,\s*)?(?P<what>(?:\w+\.)?Err[A-Z]\w*)\s*\n\s*\}",
    r"\.(?:WithContext|QueryRow\w*|Query|QueryContext|Exec|ExecContext|Find|First|Create|Save|Do|Dial\w*)\(",
    r"(?i)\blog\w*\.|logger|%w|errors\.Join|zap\.|slog\.",
    "`{}` replaces the error of the database or of the network, and nothing logs its cause",
)];
