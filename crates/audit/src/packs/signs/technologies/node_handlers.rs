//! Handlers of JavaScript and TypeScript: fields that the caller replaces, routes that another one
//! hides, retries without a backoff, and generated functions that do nothing.

use super::{ONE_FUNCTION, SCRIPT, Sign, inside, review};
use crate::model::facts::Practice;

const HIDDEN: &str = "an earlier route with a parameter matches `{}` first";

pub(super) const SIGNS: &[Sign] = &[
    review(
        Practice::CallerIdentity,
        SCRIPT,
        r"\{\s*(?:[\w.]+(?:\s*:[^,{}\n]+)?,\s*)*?(?P<what>(?:user|owner|customer|account|author|tenant)(?:Id|_id)|createdBy|user)\b[^{}]*?,\s*\.\.\.(?:\w*[dD]to|body|data|payload|input|(?:req|request)\.body)\b",
        "",
        "the fields of the caller follow `{}` and replace it",
    ),
    review(
        Practice::Stub,
        SCRIPT,
        r"@Get\(\s*['\x22`]:\w+['\x22`]\s*\)[\s\S]{0,3000}?@Get\(\s*(?P<what>['\x22`][a-z][\w-]*['\x22`])\s*\)",
        "",
        HIDDEN,
    ),
    review(
        Practice::Stub,
        SCRIPT,
        r"\b(?:router|app)\.get\(\s*['\x22`]/:\w+['\x22`][\s\S]{0,3000}?\b(?:router|app)\.get\(\s*(?P<what>['\x22`]/[a-z][\w-]*['\x22`])",
        r"Router\(\)[\s\S]*Router\(\)",
        HIDDEN,
    ),
    review(
        Practice::RetryDelay,
        SCRIPT,
        r"(?P<what>\bretry\(\s*(?:\d+|\{\s*count\s*:\s*\d+\s*\})\s*\))",
        "",
        "`{}` retries without a backoff, so an overloaded service gets more requests",
    ),
    inside(
        Practice::Stub,
        SCRIPT,
        r"(?m)^\s*(?:async\s+)?(?P<what>[a-z]\w*)\([^{};\n]*\)[^{};\n]*\{\s*\n\s*//\s*(?:return|await|this\.|const|throw)\b[^\n]*\n\s*\}",
        ONE_FUNCTION,
        "",
        "the body of `{}` is a comment",
    ),
    review(
        Practice::Stub,
        SCRIPT,
        r"(?P<what>return\s+[`'\x22]This action (?:returns|adds|updates|removes))",
        "",
        "this generated function does nothing (`{}`)",
    ),
    review(
        Practice::Stub,
        &[".ts", ".js", ".go", ".py", ".java"],
        r"(?m)(?P<what>\btotal\w*\s*\+?=\s*[^;\n]*(?i:quantity|qty)\w*\s*\*\s*\d+)\s*;?\s*$",
        "",
        "the price is a literal (`{}`)",
    ),
];
