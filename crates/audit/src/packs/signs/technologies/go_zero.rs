//! Go services of go-zero and similar frameworks: records in responses, settings, and queries that
//! a helper repeats.

use super::{GO, SCRIPT, Sign, inside, review};
use crate::model::facts::Practice;

const YAML: &[&str] = &[".yml", ".yaml"];

pub(super) const SIGNS: &[Sign] = &[
    inside(
        Practice::ExposedHash,
        GO,
        r"(?m)^\s*(?P<what>Password\w*:\s+(?:res|resp|user|u|account|row|record|found|info|member|data)\w*\.(?:Get)?Password\w*(?:\(\))?),?\s*$",
        r"(?i)(?:response|resp|reply|dto|view|vo)\w*\{",
        "",
        "the response contains a password or its hash (`{}`)",
    ),
    inside(
        Practice::ExposedHash,
        SCRIPT,
        r"\breturn\s*\{[^{}]*?(?P<what>\bpassword\s*:\s*(?:user|account|found|saved|result|entity|member)\w*\.password)\b",
        r"\breturn\b",
        r"(?i)verify|validate|compare",
        "the result contains a password or its hash (`{}`)",
    ),
    inside(
        Practice::BodyLogged,
        GO,
        r"\b\w+\.(?:Wrapf|Errorf|Infof|Debugf|Printf|Warnf|Logf)\([^\n]*%\+?v[^\n]*,\s*(?P<what>req|in|request|arg|input)\b\s*(?:,[^\n]*)?\)",
        r"(?i)login|register|signin|signup|password",
        r"(?i)mask|redact|sanitize",
        "the text of an error or a log contains the whole request `{}`, including its password",
    ),
    inside(
        Practice::QueryPerRow,
        GO,
        r"(?P<what>\b(?:\w+\.)+(?:Find|Get|Query)\w*)\(\s*(?:l\.)?ctx\b",
        r"\bmr\.(?:MapReduce\w*|ForEach|Map\w*)\(",
        "",
        "`{}` runs once for each element of a list",
    ),
    inside(
        Practice::RequestPanic,
        GO,
        r"(?P<what>\b\w+\.FatalIf\w*)\(",
        r"\b(?:l\.)?ctx\b|\*http\.Request|gin\.Context",
        "",
        "`{}` ends the process for one failed request",
    ),
    inside(
        Practice::IgnoredError,
        GO,
        r"(?m)^\s*_ = (?P<what>\w+(?:\.\w+)*\.(?:Copy|Unmarshal|Decode|Scan|Bind\w*|ShouldBind\w*))\(",
        r"\bfunc\b",
        "",
        "the error of `{}` is dropped, and its result is used",
    ),
    review(
        Practice::Sampling,
        YAML,
        r"(?m)^\s*(?P<what>Sampler:\s*1(?:\.0+)?)\s*$",
        "",
        "`{}` traces every request",
    ),
    review(
        Practice::SettingCredential,
        YAML,
        r#"(?m)^\s*(?:-\s+)?(?P<what>Pass)\s*:\s*["']?[^\s"'$\{<#][^\n]*$"#,
        "",
        "the file contains the password of `{}`",
    ),
    review(
        Practice::LocalAddress,
        YAML,
        r"(?m)^\s*(?:-\s+|\w+:\s*)[\x27\x22]?(?:\w+://)?(?P<what>(?:192\.168\.\d+|10\.\d+\.\d+)\.\d+:\d{2,5})",
        r"(?i)kind:|cidr|services:",
        "`{}` is an address of one network, and no environment can replace it",
    ),
];
