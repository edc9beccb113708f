//! Values that only the service may decide: prices, and whether a guard applies.

use super::{GO, SCRIPT, Sign, inside, review};
use crate::model::facts::Practice;

const PAID: &str = "the caller chooses what it pays (`{}`)";
const PASSES: &str = "outside of production the guard lets every caller pass (`{}`)";
const SECOND: &str = "the response `{}` reveals which accounts exist";
const UNVERIFIED: &str = "no checksum verifies `{}`";
/// Code that reads the price from the catalogue.
const LOOKED_UP: &str = r"(?i)product\w*\.(?:get|find|fetch|list|check)|get_?products?\b|get_?price|price_?list|catalog|sku";

const fn paid(files: &'static [&'static str], pattern: &'static str) -> Sign {
    inside(
        Practice::MassAssignment,
        files,
        pattern,
        r"(?i)\b(?:create|place|submit|checkout|add)\w*\(",
        LOOKED_UP,
        PAID,
    )
}

const fn second(files: &'static [&'static str], pattern: &'static str) -> Sign {
    review(
        Practice::AccountEnumeration,
        files,
        pattern,
        r"(?i)dummy|fake_?hash|constant.?time|timing",
        SECOND,
    )
}

pub(super) const SIGNS: &[Sign] = &[
    paid(
        &[
            "order.go",
            "orders.go",
            "order_service.go",
            "order_usecase.go",
            "order_handler.go",
            "orderservice.go",
            "orderlogic.go",
        ],
        r"\b\w*(?:[pP]rice|[aA]mount|[tT]otal\w*)\s*(?::=|\+=|[:=])\s*(?P<what>(?:req|request|in|input|dto|body|payload|item|it|i|cmd)\w*\.(?:\w+\.)?(?:Get)?(?:Unit)?(?:Price|Amount|Total\w*)\b)",
    ),
    paid(
        &[
            "order.go",
            "orders.go",
            "order_service.go",
            "order_usecase.go",
        ],
        r"\bfor \w+, item := range (?:req|request|in|input|dto|cmd)\.\w+ \{[\s\S]{0,600}?(?P<what>\bitem\.(?:Unit)?Price)\s*[,)*]",
    ),
    paid(
        &[
            "order.service.ts",
            "orders.service.ts",
            "order.usecase.ts",
            "order.controller.ts",
            "ordercontroller.ts",
            "orderservice.ts",
        ],
        r"\b\w*(?:[pP]rice|[aA]mount|[tT]otal\w*)\s*(?:\+=|[:=])\s*(?P<what>(?:dto|body|input|request|req\.body|item|create\w*|data|payload|order)\w*\.(?:\w+\.)?(?:unitPrice|price|amount|total\w*)\b)",
    ),
    paid(
        &[
            "orderservice.java",
            "orderserviceimpl.java",
            "orderservice.kt",
        ],
        r"\.(?:set)?(?:[uU]nitPrice|[pP]rice|[aA]mount|[tT]otal\w*)\(\s*(?P<what>\w*(?i:request|dto|item|input)\w*\.(?:get)?(?:[uU]nitPrice|[pP]rice|[aA]mount|[tT]otal\w*)\(\))",
    ),
    review(
        Practice::ConditionalLimit,
        &[
            "guard.ts",
            "middleware.ts",
            "auth.ts",
            "auth.js",
            "middleware.js",
        ],
        r"\bif\s*\(\s*(?P<what>[^\n{}]*(?:NODE_ENV|\bisDev\w*|\bisLocal\w*|[eE]nvironment\b)[^\n{}]*?)\)\s*\{?\s*(?:[\w.]*[lL]og\w*\.\w+\((?:[^()]|\([^()]*\))*\);?\s*)?(?:return true|return next\(\)|next\(\))",
        "",
        PASSES,
    ),
    review(
        Practice::ConditionalLimit,
        GO,
        r"(?m)^\s*if (?P<what>[^\n{]*(?:APP_ENV|GO_ENV|\bEnv\b|\bEnvironment\b|IsDev\w*)[^\n{]*) \{\s*\n\s*(?:c\.Next\(\)|next\.ServeHTTP\(|return next\()",
        "",
        PASSES,
    ),
    second(
        SCRIPT,
        r"(?i)\b(?:log_?in|sign_?in|authenticate|validate_?user)\w*\([\s\S]{0,900}?\bif\s*\(\s*!\w+\s*\)\s*\{?\s*throw new (?P<what>(?:NotFound|BadRequest)\w*(?:Exception|Error))\([\s\S]{0,500}?\b(?:compare|verify)\w*\(",
    ),
    second(
        &[".java", ".kt"],
        r"(?i)\b(?:log_?in|sign_?in|authenticate)\w*\([\s\S]{0,600}?orElseThrow\(\s*\(\)\s*->\s*new (?P<what>\w*NotFound\w*)\([\s\S]{0,500}?\.matches\(",
    ),
    review(
        Practice::RemoteScript,
        &["dockerfile", ".dockerfile", "containerfile", ".sh"],
        r#"(?P<what>\b(?:curl|wget)\b[^\n|]*https?://[^\s"']+(?:\.(?:tar\.\w+|tgz|zip|deb|rpm|jar|bin)|/kubectl|/helm)\b)"#,
        r"(?i)sha(?:256|512)|\bgpg\b|checksum|cosign",
        UNVERIFIED,
    ),
];
