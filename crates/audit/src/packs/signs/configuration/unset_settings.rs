//! Settings without a default and without a check: the program starts with an empty value.

use super::{GO, PYTHON, SCRIPT, Sign, review};
use crate::model::facts::Practice;

const PORT: &str = "without a value for `{}` the service listens on a random port";
const NO_NUMBER: &str =
    "`{}` is not a number if the setting is missing, and no code checks it at the start";
const ONE_TEXT: &str =
    "`{}` is one text and not a list, so every origin that is a part of it is accepted";
/// Code that requires settings.
const CHECKS: &str = r"(?i)joi\.|\bz\.(?:object|string|coerce)|envalid|cleanEnv|validationSchema|plainToInstance|plainToClass|env-var|isNaN|isInteger|isFinite|getOrThrow";

pub(super) const SIGNS: &[Sign] = &[
    review(
        Practice::LostSetting,
        GO,
        r#"(?:":"\s*\+\s*|Sprintf\(\s*"[^"\n]*:%[sv]"\s*,\s*)(?P<what>os\.Getenv\("\w*PORT\w*"\))"#,
        r#"LookupEnv|== ""|log\.Fatal|panic\("#,
        PORT,
    ),
    Sign {
        elsewhere: CHECKS,
        ..review(
            Practice::LostSetting,
            SCRIPT,
            r"\.listen\(\s*(?:\{\s*port\s*:\s*)?(?P<what>(?:Number\(|parseInt\(|\+)?\s*process\.env\.\w*PORT\w*)(?:\s*,\s*10)?\s*\)?\s*[,)}]",
            CHECKS,
            PORT,
        )
    },
    Sign {
        elsewhere: CHECKS,
        ..review(
            Practice::LostSetting,
            SCRIPT,
            r"(?P<what>\b(?:Number|parseInt)\(\s*this\.\w*[cC]onfig\w*\.get(?:<\w+>)?\(\s*['\x22][\w.]+['\x22]\s*\)\s*(?:,\s*10\s*)?\))\s*[;,)\n}]",
            CHECKS,
            NO_NUMBER,
        )
    },
    Sign {
        elsewhere: r"(?i)\w*(?:origins?|cors)\w*\s*:\s*(?:Annotated\[\s*)?(?:Optional\[\s*)?(?:list|set|tuple|sequence|conlist|union)\b|(?:origins?|cors)\w*[^\n]*\.split\(",
        ..review(
            Practice::LooseOrigin,
            PYTHON,
            r"\ballow_origins\s*=\s*(?P<what>(?:settings|config|\w+_settings)(?:\.\w+)*|['\x22]https?://[^'\x22\n]*['\x22])\s*[,)\n]",
            "",
            ONE_TEXT,
        )
    },
];
