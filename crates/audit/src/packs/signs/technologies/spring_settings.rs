//! Settings of Spring that are for development only, or that have no bound.

use super::{JVM, ONE_FUNCTION, Sign, inside, review};
use crate::model::facts::Practice;

/// The base settings. Files of a profile are chosen by the deployment.
const BASE: &[&str] = &[
    "application.yml",
    "application.yaml",
    "application.properties",
];
const DEVELOPMENT: &str = "the default profile is for development (`{}`)";
const CONSOLE: &str = "the console of the database is enabled (`{}`)";

pub(super) const SIGNS: &[Sign] = &[
    // Spring binds a parameter without an annotation from the query and from forms.
    review(
        Practice::UnsafeInput,
        JVM,
        r"@(?:Post|Put|Patch)Mapping\b[^\n]*\n(?:[ \t]*@[^\n]*\n)*[ \t]*(?:public\s+)?[\w<>\[\], ?.]+\s+\w+\(\s*(?:@Valid\s+|@Validated\s+)?(?:final\s+)?(?P<what>\w+(?:Request|Dto|DTO|Body|Command|Payload)\s+\w+)\s*[,)]",
        "consumes|MULTIPART|FORM_URLENCODED|ModelAttribute",
        "`{}` has no `@RequestBody`, so its fields come from the URL, which logs contain",
    ),
    review(
        Practice::EnvironmentDefault,
        BASE,
        r"(?m)(?P<what>^spring\.profiles\.active\s*=\s*(?:\$\{\w+:)?(?i:dev|local|development|test)\b)",
        "",
        DEVELOPMENT,
    ),
    review(
        Practice::EnvironmentDefault,
        BASE,
        r"(?m)^\s+profiles:\s*\n(?:\s+(?:include|default)[^\n]*\n)?\s+(?P<what>active:\s*\x22?(?:\$\{\w+:)?(?i:dev|local|development|test)\b)",
        "",
        DEVELOPMENT,
    ),
    review(
        Practice::DebugRoute,
        BASE,
        r"(?m)(?P<what>^spring\.h2\.console\.enabled\s*=\s*true\b)",
        "",
        CONSOLE,
    ),
    review(
        Practice::DebugRoute,
        BASE,
        r"(?m)^\s+h2:\s*\n\s+console:\s*\n(?:\s+path[^\n]*\n)?\s+(?P<what>enabled:\s*true)\b",
        "",
        CONSOLE,
    ),
    review(
        Practice::UploadSize,
        BASE,
        r"(?P<what>\bmax-(?:file|request)-size\s*[:=]\s*\x22?(?:-1|(?:[1-9]\d{2,}|[5-9]\d)\s*MB|\d+\s*GB))",
        "",
        "`{}` lets one request fill the memory or the disk",
    ),
    review(
        Practice::Acknowledgement,
        &[".properties", ".yml", ".yaml"],
        r"(?P<what>\benable[-.]auto[-.]commit\s*[:=]\s*[\x22']?true)\b",
        "",
        "with `{}` a timer commits the offset, also of records that failed",
    ),
    review(
        Practice::BodyLogged,
        JVM,
        r"(?i)\blog(?:ger)?\.info\([^;\n]*,\s*(?P<what>\w+\.(?:getPayload|payload|getBody)\(\))\s*\)",
        "",
        "a log record contains the whole value of `{}`",
    ),
    review(
        Practice::LogLevel,
        BASE,
        r"(?m)(?P<what>\bshow[-_]sql\s*[:=]\s*true)\b",
        "",
        "`{}` prints every statement in every environment",
    ),
    review(
        Practice::SharedState,
        JVM,
        r"@Entity\b[\s\S]{0,600}?\bclass (?P<what>\w+)\b[\s\S]*?\bprivate (?:\w*Status\s+\w*[sS]tatus|(?:Integer|int|Long|long|BigDecimal)\s+(?:stock\w*|balance|available\w*|reserved\w*))\s*[;=]",
        r"@Version\b",
        "`{}` has no version, so of two parallel changes one is lost",
    ),
    inside(
        Practice::IgnoredError,
        JVM,
        r"@ExceptionHandler\([^)]*(?P<what>\b(?:Exception|Throwable)\.class)[^)]*\)\s*(?:@\w+[^\n]*\s*)*(?:public\s+)?[\w<>?, .\[\]]+\([^)]*\)\s*\{",
        ONE_FUNCTION,
        r"(?i)\b\w*log\w*\.|printStackTrace|capture",
        "no log shows the failures of the handler of `{}`",
    ),
    review(
        Practice::ErrorResponse,
        JVM,
        r"@(?:Rest)?ControllerAdvice\b[\s\S]*?@ExceptionHandler\(\s*(?:value\s*=\s*)?\{?\s*(?P<what>(?:Exception|Throwable|RuntimeException)\.class)",
        r"ResponseEntityExceptionHandler|HttpMessageNotReadable|BAD_REQUEST[\s\S]{0,200}\bException\.class",
        "the handler of `{}` also answers a malformed body, probably with 500",
    ),
    review(
        Practice::QueryPerRow,
        JVM,
        r"@(?:OneToMany|ManyToMany|ElementCollection)\([^)]*(?P<what>fetch\s*=\s*(?:FetchType\.)?EAGER)\b",
        r"@BatchSize|@Fetch\(|FetchMode",
        "with `{}` each record of a list loads its collection with a query of its own",
    ),
];
