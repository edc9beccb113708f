//! Functions that log a missing record and return as after a success.

use super::{GO, JVM, PYTHON, SCRIPT, Sign, review};
use crate::model::facts::Practice;

const SILENT: &str =
    "after `{}` the function logs an error and returns as after a success, so its caller continues";

const fn silent(files: &'static [&'static str], pattern: &'static str) -> Sign {
    review(Practice::IgnoredError, files, pattern, "", SILENT)
}

pub(super) const SIGNS: &[Sign] = &[
    silent(
        JVM,
        r"(?P<what>if \([^{}\n]*(?:isEmpty\(\)|== null|isPresent\(\))[^{}\n]*\))\s*\{\s*\w*(?i:log)\w*\.(?:error|warn)\([^;]*;\s*return;\s*\}",
    ),
    silent(
        SCRIPT,
        r"(?P<what>if\s*\(\s*!\s*\w+\s*\))\s*\{\s*(?:this\.)?\w*(?i:log|console)\w*\.(?:error|warn)\([^;]*?\);?\s*return;?\s*\}",
    ),
    silent(
        GO,
        r"(?P<what>if \w+ == nil) \{\s*\n[^\n]*(?i:log)[^\n]*(?:Error|Warn)[^\n]*\n\s*return(?: nil)?\n\s*\}",
    ),
    silent(
        PYTHON,
        r"(?P<what>if (?:not \w+|\w+ is None)):\s*\n\s*\w*(?i:log)\w*\.(?:error|warning)\([^\n]*\n\s*return\s*\n",
    ),
];
