//! Values of callers that may be objects, such as operators of MongoDB, and proxies without a target.

use super::{SCRIPT, Sign, review};
use crate::model::facts::Practice;

/// Code that makes a text of a value, or rejects objects.
const TEXT: &str = r"(?i)mongo-?sanitize|sanitizeFilter|IsEmail\(|IsString\(|\bjoi\b|\bzod\b|express-validator|celebrate|typeof \w+ [!=]==? ['\x22]string|\bString\(|\bajv\b|\byup\b";

pub(super) const SIGNS: &[Sign] = &[
    Sign {
        elsewhere: TEXT,
        ..review(
            Practice::SqlText,
            SCRIPT,
            r"(?P<what>\b(?:[A-Z]\w*|this\.\w*[mM]odel)\.(?:findOne|find|updateOne|deleteOne|findOneAndUpdate)\(\s*\{\s*(?:email|username|phone|token|resetToken)\b)\s*(?:,\s*\w+\s*)?(?:\}|:\s*(?:req\.(?:body|query)|body|dto|data|input|credentials|\w+Dto)\.)",
            TEXT,
            "the value of `{}` may be an object such as `{$ne: null}`, which becomes an operator",
        )
    },
    Sign {
        elsewhere: r"(?i)joi\.|\bz\.object|envalid|cleanEnv|validationSchema|requiredEnv|missing env|process\.exit",
        ..review(
            Practice::UncheckedValue,
            SCRIPT,
            r"(?:createProxyMiddleware|proxy|httpProxy)\w*\([^;]{0,200}?\btarget\s*:\s*(?P<what>process\.env\.\w+)\s*[,}\n]",
            "",
            "the proxy has no target if `{}` is not set, and no code checks it at the start",
        )
    },
];
