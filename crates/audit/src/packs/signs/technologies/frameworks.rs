//! Practices of frameworks that need a setting or a guard which nothing in the service has.

use super::{GO, JVM, PYTHON, SCRIPT, Sign, review};
use crate::model::facts::Practice;

/// A sign that another file of the service may keep.
const fn unless_elsewhere(
    practice: Practice,
    files: &'static [&'static str],
    pattern: &'static str,
    elsewhere: &'static str,
    evidence: &'static str,
) -> Sign {
    Sign {
        elsewhere,
        ..review(practice, files, pattern, "", evidence)
    }
}

pub(super) const SIGNS: &[Sign] = &[
    unless_elsewhere(
        Practice::Ownership,
        GO,
        r"(?P<what>\b(?:grpc\.NewServer|zrpc\.MustNewServer))\(",
        r"auth/jwt|(?i:auth\w*interceptor|interceptor\w*auth|authn|authz|verify_?token|parse_?token|grpc_?auth|RequireAndVerifyClientCert)",
        "no interceptor of `{}` authenticates a caller",
    ),
    unless_elsewhere(
        Practice::UncheckedValue,
        &["main.ts"],
        r"(?P<what>\bNestFactory\.create)\w*(?:<\w+>)?\(",
        r"ValidationPipe|ZodValidationPipe|\bjoi\b",
        "no pipe of `{}` validates bodies, so a missing field becomes 500",
    ),
    unless_elsewhere(
        Practice::UnboundedList,
        SCRIPT,
        r"(?P<what>\b(?:GraphQLModule\.forRoot\w*|new ApolloServer))\b",
        r"(?i)depth_?limit|complexity|max_?depth|graphql-armor",
        "a query of `{}` may nest without a limit",
    ),
    review(
        Practice::ApiDocs,
        SCRIPT,
        r"(?P<what>\b(?:playground|introspection)\s*:\s*true)\b",
        "",
        "`{}` exposes the whole schema in every environment",
    ),
    review(
        Practice::UncheckedValue,
        SCRIPT,
        r"(?P<what>\b(?:Number|parseInt|parseFloat)\(\s*(?:req|request|ctx)\.(?:params|query|body)\.\w+[^()\n]*\))",
        r"isNaN|isInteger|isFinite|isSafeInteger|(?i:zod|joi|ajv|schema)",
        "`{}` is `NaN` for other text, and the file does not check it",
    ),
    unless_elsewhere(
        Practice::DroppedMessage,
        JVM,
        r"(?P<what>@KafkaListener)\b",
        "DeadLetterPublishingRecoverer|RetryableTopic|CommonErrorHandler|DefaultErrorHandler|SeekToCurrentErrorHandler",
        "after ten attempts `{}` skips the message and does not dead-letter it",
    ),
    unless_elsewhere(
        Practice::DroppedMessage,
        JVM,
        r"(?P<what>@RabbitListener)\b",
        r"(?i)dead-?letter|deadLetter|DontRequeue|default-requeue-rejected",
        "`{}` requeues a failed message without a limit and never dead-letters it",
    ),
    review(
        Practice::PublisherConfirm,
        JVM,
        r"(?P<what>\b\w*[kK]afkaTemplate\.send)\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\);",
        r"addCallback|whenComplete|\.get\(\)|\.join\(\)|executeInTransaction",
        "no code checks the result of `{}`",
    ),
    review(
        Practice::Leak,
        GO,
        r"(?m)^\s*for [^\n]*\{\s*\n(?:[^\n}f]*\n){0,6}?\s*(?P<what>defer \w+(?:\.\w+)*\.Close\(\))",
        "",
        "`{}` in a loop runs only when the function returns",
    ),
    review(
        Practice::Leak,
        GO,
        r"\bfunc \([^\n]*\n(?:[^\n}]*\n){0,6}?[^\n]*(?P<what>\btime\.Tick)\(",
        "",
        "no code stops the ticker of `{}`",
    ),
    review(
        Practice::IgnoredError,
        GO,
        r"(?m)^\s*\w+\s*,\s*_\s*:?=\s*(?P<what>uuid\.(?:Parse|FromString)|primitive\.ObjectIDFromHex)\(",
        "",
        "the error of `{}` is ignored",
    ),
    review(
        Practice::Blocking,
        PYTHON,
        r"\basync def \w+\([^)]*\)[^:\n]*:\s*\n(?:[ \t]+[^\n]*\n){0,12}?[ \t]+[^\n]*(?P<what>\b(?:requests\.(?:get|post|put|delete|patch)|time\.sleep))\(",
        "run_in_threadpool|to_thread",
        "`{}` blocks all other requests of the process",
    ),
    review(
        Practice::CallerIdentity,
        GO,
        r"(?P<what>\b(?:userID|userId|uid|ownerID)\s*:?=\s*(?:c|ctx|r)\.(?:Query|PostForm|FormValue|QueryParam|URL\.Query\(\)\.Get|GetHeader|Request\.Header\.Get)\()",
        "",
        "`{}…)` comes from the caller, and this code does not verify it",
    ),
    review(
        Practice::PlainPassword,
        &[".go", ".ts", ".js"],
        r"(?m)^\s*(?P<what>(?:user|account|u|existing)\.[pP]assword\s*=\s*(?:\w+\.)*(?:[pP]assword|newPassword|NewPassword));?\s*$",
        r"(?i)BeforeSave|BeforeUpdate|BeforeCreate|pre\(\s*['\x22]save|hash",
        "`{}` stores the password as plain text",
    ),
];
