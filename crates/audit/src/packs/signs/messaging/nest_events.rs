//! Events of NestJS: publications without a result, consumers without a module, start order.

use super::{SCRIPT, Sign, review};
use crate::model::facts::Practice;

pub(super) const SIGNS: &[Sign] = &[
    review(
        Practice::PublisherConfirm,
        SCRIPT,
        r"(?m)^\s*(?P<what>(?:this\.)?\w*[cC]lient\w*\.emit)\(\s*['\x22`]",
        r"(?i)firstValueFrom|lastValueFrom|toPromise|subscribe\(|socket",
        "`{}` returns before the broker responds, so no caller gets a failure",
    ),
    review(
        Practice::LazyStart,
        SCRIPT,
        r"(?P<what>\bapp\.listen)\([^;]*;[\s\S]*?\bstartAllMicroservices\(",
        "",
        "`{}` accepts requests before the consumers have started",
    ),
    Sign {
        elsewhere: r"\benableShutdownHooks\(",
        ..review(
            Practice::ShutdownContext,
            SCRIPT,
            r"(?P<what>\b(?:onApplicationShutdown|onModuleDestroy|beforeApplicationShutdown))\s*\(",
            "",
            "no code calls `enableShutdownHooks`, so a signal does not call `{}`",
        )
    },
    review(
        Practice::TestPayload,
        SCRIPT,
        r"(?P<what>(?:\|\||\?\?)\s*['\x22](?:topic[-_.]test|test[-_.]topic|test)['\x22])",
        "",
        "a topic for tests (`{}`) is the default",
    ),
    review(
        Practice::TestPayload,
        &["module.ts"],
        r"providers:\s*\[[^\]]*(?P<what>\bTest[A-Z]\w*)",
        r"(?i)testing",
        "`{}` is part of a deployed module",
    ),
    review(
        Practice::SharedState,
        SCRIPT,
        r"\blet (?P<what>\w+) = (?:this\.)?\w+\.get\(\w+\);\s*if \(!\w+\) \{\s*\w+ = [^;]*;(?:[^{};]*;){0,2}?\s*await [^;]*;(?:[^{};]*;){0,2}?\s*(?:this\.)?\w+\.set\(",
        "",
        "two parallel calls both create `{}`, and one of them is never closed",
    ),
    review(
        Practice::DroppedMessage,
        SCRIPT,
        r"\beach(?:Message|Batch)\s*:[\s\S]{0,900}?(?P<what>catch)\s*(?:\([^)]*\))?\s*\{\s*(?://[^\n]*\s*)*\}",
        r"(?i)\bdlq|dead_?letter",
        "the handler ignores the failure and reports the message as processed",
    ),
    review(
        Practice::UnsafeInput,
        SCRIPT,
        r"@Param\(\s*['\x22]\w+['\x22]\s*\)\s*\w+\s*:\s*string[\s\S]{0,160}?(?P<what>\.\w*(?i:proxy|get|post|put|delete|request)\w*\(\s*`/[^`\n]*\$\{\w+\}[^`\n]*`)",
        r"encodeURIComponent",
        "a parameter of the path becomes part of the URL in `{}`, and `../` reaches other routes",
    ),
    review(
        Practice::UncheckedValue,
        SCRIPT,
        r"@Param\(\s*['\x22]\w+['\x22]\s*\)\s*\w+\s*:\s*string[\s\S]{0,260}?(?P<what>\b(?:Number|parseInt)\(\s*\w+)",
        r"isNaN|isInteger|ParseIntPipe",
        "a text that is not a number becomes `NaN` in `{})`, and the database returns an error",
    ),
];
