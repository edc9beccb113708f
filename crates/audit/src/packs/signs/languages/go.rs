//! Go: literals that no setting replaces, tasks without an owner, responses of a login.

use super::{CHOSEN, GO, LOCAL, OPEN, PREDICTABLE, SIZE, Sign, Topic, inside, review};

pub(super) const SIGNS: &[Sign] = &[
    review(
        Topic::LocalAddress,
        GO,
        r#"(?P<what>\b(?:Addr|Addrs|Brokers|Host|Address|URL|Endpoint|Endpoints|Hosts))\s*:\s*(?:\[\]string\{\s*)?"(?:\w+://)?(?:localhost|127\.0\.0\.1)(?::\d+)?[^"\n]*""#,
        r"(?i)_test\b",
        LOCAL,
    ),
    review(
        Topic::UnsafeInput,
        GO,
        r#"(?P<what>\b(?:http|\w*[cC]lient)\.(?:Get|Post|Head)\(\s*(?:c\.(?:Query|Param|FormValue|QueryParam)|r\.URL\.Query\(\)\.Get|r\.FormValue)\()"#,
        "",
        CHOSEN,
    ),
    review(
        Topic::WeakRandom,
        GO,
        r#"(?i)(?:token|otp|code|secret|password|nonce|session)\w*"?\s*(?::|:?=)\s*[^\n]*(?P<what>\brand\.(?:Int\w*|Uint\w*|Read|Perm)\()"#,
        r"crypto/rand",
        PREDICTABLE,
    ),
    review(
        Topic::OwnedTask,
        GO,
        r"(?m)^\t+(?P<what>go (?:\w+\.)*(?i:publish|send|notify|email|log|record|save|update|process|sync|emit|audit)\w*)\(",
        r"errgroup|sync\.WaitGroup|wg\.Add|\.Wait\(\)",
        "no code waits for `{}`, so a stop loses its work and its failure",
    ),
    inside(
        Topic::UploadSize,
        GO,
        r"(?P<what>\b(?:c|ctx|r)\.FormFile\()",
        "",
        r"MaxBytesReader|\.Size\s*[<>]|MaxMultipartMemory|BodyLimit",
        SIZE,
    ),
    Sign {
        elsewhere: r"(?i)\bjwt\b|auth\w*middleware|middleware\.\w*auth|\.Use\([^\n]*(?i:auth|jwt|token|session)|RequireAuth|Authorize",
        ..review(
            Topic::OpenRoute,
            GO,
            r#"(?P<what>\b\w+\.(?:POST|PUT|PATCH|DELETE|Post|Put|Patch|Delete)\(\s*"/[^"\n]*")\s*,"#,
            r"(?i)auth|jwt|token|session",
            OPEN,
        )
    },
    Sign {
        elsewhere: r"(?i)\bjwt\b|auth\w*middleware|middleware\.\w*auth|\.Use\([^\n]*(?i:auth|jwt|token|session)|RequireAuth|Authorize",
        ..review(
            Topic::OpenRoute,
            GO,
            r#"(?P<what>\bHandle(?:Func)?\(\s*"(?:POST|PUT|PATCH|DELETE) /[^"\n]*"|\.Methods\(\s*"(?:POST|PUT|PATCH|DELETE)")"#,
            r"(?i)auth|jwt|token|session",
            OPEN,
        )
    },
    review(
        Topic::Leak,
        GO,
        r"\bfor\b[^\n]*\{\s*\n(?:[^\n]*\n){0,25}?\t\t+\w+\s*:?=\s*(?P<what>&kafka\.Writer\{|kafka\.NewWriter\(|&http\.Client\{|sql\.Open\(|redis\.NewClient\(|amqp\.Dial\()",
        "",
        "a loop opens `{}` again for each element",
    ),
    review(
        Topic::LiteralSetting,
        GO,
        r#"(?P<what>\bnet\.Listen\(\s*"tcp"\s*,\s*fmt\.Sprintf\([^,\n]*,\s*\d+\s*\))"#,
        "",
        "the port of `{}` is a literal",
    ),
    review(
        Topic::IgnoredError,
        GO,
        r"(?P<what>\b\w+\.(?:Send|SendMsg|Write|WriteMessage|WriteJSON)\()[^\n]*\)\s*(?:;\s*err != nil|\n\s*if err != nil) \{\s*\n[^\n]*(?i:log|print)[^\n]*\n\s*\}",
        "",
        "a failed `{}` is only logged, and the next one follows",
    ),
    review(
        Topic::SupportedVersion,
        &["go.mod"],
        r"(?m)^(?P<what>go 1\.(?:[0-9]|1[0-9]|2[0-2])(?:\.\d+)?)\s*$",
        r"(?m)^toolchain\s",
        "`{}` gets no security fixes, and the build may use it",
    ),
    inside(
        Topic::RequestContext,
        GO,
        r"(?P<what>\bhttp\.NewRequest)\(",
        r"\bctx (?:\w+\.)?Context\b|\br \*http\.Request\b|\bc \*gin\.Context\b|\bc echo\.Context\b|\*fiber\.Ctx\b",
        "WithContext",
        "`{}` does not pass the context of its function on",
    ),
    review(
        Topic::RequestContext,
        GO,
        r#"(?P<what>\b\w*(?i:db\w*|conn|pool|handler)\.(?:Query|QueryRow|Exec))\(\s*(?:query\b|\w*(?i:sql|stmt)\w*\s*[,)]|["`])"#,
        r"(?i)migrat|WithContext\(",
        "`{}` has no context, so a query runs on after its caller left",
    ),
    review(
        Topic::RequestContext,
        GO,
        r"(?P<what>\.(?:InsertOne|InsertMany|Find|FindOne|UpdateOne|DeleteOne|Aggregate|QueryContext|ExecContext)\(\s*context\.(?:TODO|Background)\(\))",
        r"\bgo func\b|\bfunc (?:main|init|New\w*|[cC]onnect\w*)\(",
        "`{}` has no deadline and ignores the context of its caller",
    ),
    review(
        Topic::LocalAddress,
        GO,
        r#"(?m)^\s*(?:const|var)\s+(?P<what>\w*(?i:url|endpoint|addr|host|broker)\w*)(?:\s+string)?\s*=\s*"(?:\w+://)?(?:localhost|127\.0\.0\.1)"#,
        "",
        LOCAL,
    ),
    review(
        Topic::IgnoredError,
        GO,
        r"(?m)^\s*(?P<what>\w+(?:\.\w+)*\.SubscribeTopics)\(",
        "",
        "the error of `{}` is ignored",
    ),
    inside(
        Topic::DroppedMessage,
        GO,
        r"\); err != nil \{\s*\n[^\n]*(?i:log|print)[^\n]*\n\s*(?P<what>continue)\b",
        r"\b(?:ReadMessage|FetchMessage)\(|amqp\.Delivery|range \w*(?:msgs|messages|deliveries)\b",
        r"(?i)nack|reject|dead|dlq|retry",
        "the consumer logs a failed message and skips it",
    ),
    review(
        Topic::ErrorAnswer,
        GO,
        r"\.Decode\([^\n]*; err != nil \{\s*\n[^\n]*(?P<what>StatusInternalServerError|\b500\b)",
        "",
        "a body that cannot be read returns `{}` instead of 400",
    ),
    review(
        Topic::IgnoredError,
        GO,
        r"(?P<what>\.Upgrade\()[^\n]*\)\s*\n\s*if \w+ != nil \{\s*\n[^\n]*(?i:log|print)[^\n]*\n\s*\}",
        "",
        "after a failed `{}` the handler continues without a connection",
    ),
];
