//! Percentage rollouts that use a random number instead of the user's identifier.

use super::{GO, PYTHON, Sign};
use crate::model::facts::{Practice, Verdict};

const fn random(files: &'static [&'static str], pattern: &'static str) -> Sign {
    Sign {
        practice: Practice::RandomPercentage,
        verdict: Verdict::Review,
        files,
        pattern,
        unless: "",
        elsewhere: "",
        evidence: "`{}` decides about a rollout",
        within: "",
    }
}

pub(super) const SIGNS: &[Sign] = &[
    random(
        &[".ts", ".tsx", ".js", ".mjs", ".java", ".kt"],
        r"(?P<what>\bMath\.random\(\))[^;\n<>]*[<>][^;\n]*(?i:rollout|feature|canary|experiment)",
    ),
    random(
        GO,
        r"(?P<what>\brand\.\w+\([^()\n]*\))[^;\n<>]*[<>][^;\n]*(?i:rollout|feature|canary|experiment)",
    ),
    random(
        PYTHON,
        r"(?P<what>\brandom\.\w+\([^()\n]*\))[^;\n<>]*[<>][^;\n]*(?i:rollout|feature|canary|experiment)",
    ),
    random(
        &[".rs"],
        r"(?P<what>\b(?:random_range|gen_range|rand::random(?:::<\w+>)?)\([^()\n]*\))[^;\n<>]*[<>][^;\n]*(?i:rollout|feature|canary|experiment)",
    ),
];
