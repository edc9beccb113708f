//! Go services with a database and NATS, RabbitMQ or Kafka: details for review.

use super::{GO, SCRIPT, Sign, inside, review};
use crate::model::facts::Practice;

const DECIDED: &str =
    r"(?i)on conflict|23505|unique_?violation|duplicate|P2002|11000|for update|ErrConflict";
const TIME: &str = "the login of an unknown account computes no hash, so the response time reveals which accounts exist";

pub(super) const SIGNS: &[Sign] = &[
    review(
        Practice::BackgroundLoop,
        GO,
        r"(?P<what>\b\w+\.(?:Start|Run|Consume\w*|Listen|Subscribe)\(\s*context\.Background\(\))",
        "",
        "`{})` runs with a context that no signal ends",
    ),
    review(
        Practice::Cleanup,
        GO,
        r"if err :?= \w+\.Shutdown\([^\n]*; err != nil \{\s*\n\s*(?P<what>log\.Fatal\w*)\(",
        "",
        "`{}` ends the program without the deferred calls",
    ),
    inside(
        Practice::PlainPassword,
        GO,
        r"(?P<what>\b(?:Cost|cost|BcryptCost|bcryptCost)\s*(?::|:?=)\s*[1-9])\b",
        "(?i)bcrypt|hash",
        "",
        "the cost factor of `{}` is too low",
    ),
    inside(
        Practice::PageSize,
        GO,
        r#"(?P<what>\b\w*(?i:query|param|form|int)\w*\([^()\n]*"(?:limit|page_?size|per_?page|size|take)"[^()\n]*\))"#,
        r"http\.Request|gin\.Context|echo\.Context|fiber\.Ctx",
        r"(?i)\bmax\w*|min\(|> ?=? ?\d{2,}",
        "`{}` comes from the caller, and the function sets no maximum",
    ),
    review(
        Practice::UnsafeInput,
        GO,
        r#"(?P<what>"%" \+ [\w.]+ \+ "%")"#,
        r"(?i)escape|Replacer|ReplaceAll",
        "the caller chooses the pattern of {}",
    ),
    review(
        Practice::LookupBeforeInsert,
        GO,
        r"(?P<what>\.(?:Check\w*(?:Conflict|Exist|Unique|Duplicate|Taken|Availab)\w*|(?:Is|Has)?\w*(?:Exists|Taken|IsUnique\w*))\()(?:[^\n]*\n){1,60}?[^\n]*\.(?:Create|Insert|Save|Add)\w*\(",
        DECIDED,
        "`{}…)` decides whether the record may be created, so parallel requests both create it",
    ),
    review(
        Practice::LookupBeforeInsert,
        SCRIPT,
        r"await\s+[\w.]*(?P<what>\.(?:check\w*(?:Conflict|Exist|Unique|Duplicate|Taken)\w*|\w*(?:[eE]xists|[tT]aken|isUnique))\()[\s\S]{0,900}?\.(?:create|insert|save)\w*\(",
        DECIDED,
        "`{}…)` decides whether the record may be created, so parallel requests both create it",
    ),
    inside(
        Practice::AccountEnumeration,
        GO,
        r"(?P<what>if err != nil \{)\s*\n(?:[^\n]*\n){1,30}?[^\n]*(?:CompareHashAndPassword|\.(?:Compare|Verify|Check)\w*)\(",
        r"(?i)(?:by_?email|by_?user\w*|by_?phone|FindUser|GetUser)\w*\([\s\S]*passw",
        r"(?i)dummy|fake_?hash",
        TIME,
    ),
    inside(
        Practice::AccountEnumeration,
        GO,
        r"if (?P<what>!?\w+\.(?:\w*Status|IsActive|Active|Verified|EmailVerified|Blocked|Locked)\b)[^\n]*\{\s*\n(?:[^\n]*\n){1,12}?[^\n]*(?:CompareHashAndPassword|\.(?:Compare|Verify|Check)\w*)\(",
        r"(?i)passw",
        "",
        "`{}` is answered before the password is checked, which reveals the account",
    ),
    inside(
        Practice::AccountEnumeration,
        SCRIPT,
        r"if\s*\(\s*(?P<what>!?\w+\.(?:status|isActive|active|verified|isVerified|emailVerified|blocked|locked))\b[^{]*\{[^}]*\}[\s\S]{0,300}?(?:compare|verify)\w*\(",
        r"(?i)passw",
        "",
        "`{}` is answered before the password is checked, which reveals the account",
    ),
    review(
        Practice::IgnoredError,
        GO,
        r"(?m)^\s*(?:_ = )?(?P<what>\w+\.(?:Ack|Nak|Nack|Reject|NakWithDelay|Term))\(",
        "",
        "no code looks at the error of `{}`",
    ),
    review(
        Practice::IgnoredError,
        GO,
        r"(?m)^\s*(?P<what>(?:\w+\.)+(?:Publish|PublishEvent|Emit|Enqueue|SendMail|SendEmail|Notify)\w*)\(\s*(?:ctx|context\.)",
        r"errgroup",
        "no code looks at the error of `{}`",
    ),
    review(
        Practice::TokenLifetime,
        GO,
        r"(?i)\bacc\w*, err :?= [\w.]*(?:sign|generate|create|issue)\w*\([^\n]*\n(?:[^\n]*\n){1,8}?[^\n]*\bref\w*, err :?= (?P<what>[\w.]*(?:sign|generate|create|issue)\w*)\(",
        r#"(?i)"typ|token_?type|token_?use|refresh_?secret|refresh_?key|audience|"aud""#,
        "`{}` makes a refresh token that is accepted as an access token",
    ),
    review(
        Practice::TokenAlgorithm,
        GO,
        r#"(?:"iss"\s*:|\bIssuer:)[\s\S]*?(?P<what>\bjwt\.Parse\w*)\(|\bjwt\.Parse\w*\([\s\S]*?(?:"iss"\s*:|\bIssuer:)"#,
        r"WithIssuer|VerifyIssuer|\.Issuer [!=]=|GetIssuer",
        "tokens name an issuer, and their check ignores it",
    ),
    inside(
        Practice::SecretLogged,
        GO,
        r#"(?i:log|slog)\w*\.\w+\([^\n]*"\w*(?:url|dsn|uri)",\s*(?P<what>[\w.]*(?:url|URL|Url|dsn|DSN|uri|URI))\b"#,
        r"(?i)nats\.|amqp\.|sql\.|redis\.|mongo\.|pgx",
        r"(?i)redact|mask",
        "`{}` is logged with its credentials",
    ),
    review(
        Practice::PersonLogged,
        &[".go", ".ts", ".js"],
        r"(?P<what>\b(?:pgErr|pqErr|pgError|err|error)\.(?:Detail|detail))\b",
        "",
        "`{}` of PostgreSQL contains the values of the row",
    ),
    Sign {
        elsewhere: r"MaxDeliver",
        ..review(
            Practice::Redelivery,
            GO,
            r"(?P<what>\b\w+\.Nak)\(\)",
            r"NakWithDelay|\.Term\(|MaxDeliver",
            "`{}` delivers a message that always fails without a delay and without an end",
        )
    },
    inside(
        Practice::RequestPanic,
        GO,
        r"(?P<what>go func\(\w*[^)\n]*\) \{)\s*\n(?:[^\n]*\n){0,3}?\s*for\b",
        ".",
        r"recover\(\)",
        "a panic in the loop of `{}` ends the process",
    ),
];
