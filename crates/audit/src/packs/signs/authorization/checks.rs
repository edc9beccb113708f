//! Checks of credentials, addresses and origins that are too weak.

use super::{GO, JVM, PYTHON, SCRIPT, Sign, review};
use crate::model::facts::Practice;

const ROUNDS: &str = "the cost factor of `{}` is too low";
const TIMING: &str =
    "`{}` does not compare in constant time, so a timing attack can reveal the value";
/// A forged address in a log has no effect on access.
const LOGGED: &str = r"(?i)(?:func|function|def) \w*log|\blog\w*[.(][^\n]*(?:forwarded|real-ip)";
const FORWARDED: &str = "any client can set `{}`, and no list of trusted proxies exists";

const fn rounds(files: &'static [&'static str], pattern: &'static str) -> Sign {
    review(Practice::PlainPassword, files, pattern, "", ROUNDS)
}

const fn timing(
    files: &'static [&'static str],
    pattern: &'static str,
    unless: &'static str,
) -> Sign {
    review(Practice::IgnoredCheck, files, pattern, unless, TIMING)
}

const fn forwarded(
    files: &'static [&'static str],
    pattern: &'static str,
    elsewhere: &'static str,
) -> Sign {
    Sign {
        elsewhere,
        ..review(Practice::LimiterKey, files, pattern, LOGGED, FORWARDED)
    }
}

pub(super) const SIGNS: &[Sign] = &[
    rounds(
        SCRIPT,
        r"(?P<what>\bbcrypt\w*\.(?:hash|hashSync|genSalt|genSaltSync)\((?:[^()\n]*,)?\s*[1-9]\s*[,)]|\b\w*(?i:salt_?rounds)\s*[:=]\s*[1-9]\b)",
    ),
    rounds(
        GO,
        r"(?P<what>\bbcrypt\.MinCost\b|GenerateFromPassword\([^\n]*,\s*[4-9]\s*\))",
    ),
    rounds(
        PYTHON,
        r"(?P<what>\bgensalt\(\s*(?:rounds\s*=\s*)?[4-9]\s*\)|bcrypt__rounds\s*=\s*[4-9]\b)",
    ),
    rounds(JVM, r"(?P<what>\bBCryptPasswordEncoder\(\s*[4-9]\s*\))"),
    timing(
        SCRIPT,
        r"(?P<what>\b[\w.\[\]'\x22\-]*(?i:signature|hmac|digest|api_?key|secret)[\w\]'\x22]*\s*[!=]==?\s*[\w.]*(?i:signature|hmac|digest|expected|computed|secret|api_?key|config\w*|env)\b[\w.]*)",
        r"timingSafeEqual|safe-?[cC]ompare",
    ),
    timing(
        SCRIPT,
        r"createHmac\((?:[^;]|\n){1,300}?\.digest\([^)]*\)\)?;?[^\n]*\n(?:[^\n]*\n){0,4}?[^\n]*?(?P<what>\b[\w.]+ ?[!=]==? ?[\w.]*(?i:mac|sig|sign|signature|hash|digest|expected|computed|calculated)\w*)",
        r"timingSafeEqual|safe-?[cC]ompare",
    ),
    timing(
        GO,
        r"(?P<what>\b[\w.]*(?i:signature|hmac|digest|api_?key|secret|sign|checksum|mac)\b\s*[!=]=\s*\w*[a-zA-Z][\w.]*(?i:sign|signature|hmac|digest|expected|key|secret|mac)\w*)",
        r"ConstantTimeCompare|hmac\.Equal",
    ),
    timing(
        PYTHON,
        r"(?P<what>\b[\w.]*(?i:signature|hmac|digest|api_?key|secret)\w*\s*[!=]=\s*[\w.]*(?i:signature|hmac|digest|expected|computed|secret|api_?key|settings)[\w.]*)",
        r"compare_digest|constant_time_compare",
    ),
    timing(
        JVM,
        r"(?P<what>\b\w*(?i:signature|hmac|digest|api_?key|secret)\w*\.equals(?:IgnoreCase)?\()",
        r"MessageDigest\.isEqual",
    ),
    forwarded(
        GO,
        r#"(?P<what>\.Header\.Get\(\s*"(?i:x-forwarded-for|x-real-ip)"|GetHeader\(\s*"(?i:x-forwarded-for|x-real-ip)")"#,
        r"(?i)trusted_?prox|ParseCIDR|ParsePrefix",
    ),
    forwarded(
        GO,
        r"(?P<what>\.ClientIP\(\))",
        r"SetTrustedProxies|TrustedPlatform|ForwardedByClientIP",
    ),
    forwarded(
        SCRIPT,
        r"(?P<what>headers(?:\.get\(|\[)\s*['\x22](?i:x-forwarded-for|x-real-ip)['\x22]|trust proxy['\x22]\s*,\s*true|trustProxy:\s*true)",
        r"trust proxy['\x22]\s*,\s*(?:\d|['\x22])",
    ),
    forwarded(
        &[".py", ".sh", "dockerfile", ".yml", ".yaml"],
        r#"(?P<what>headers(?:\.get\(|\[)\s*['"](?i:x-forwarded-for|x-real-ip)['"]|forwarded[_-]allow[_-]ips[\s='",]+\*)"#,
        "",
    ),
    forwarded(
        &[".java", ".kt", ".cs", ".php"],
        r#"(?P<what>getHeader\(\s*"(?i:x-forwarded-for|x-real-ip)"|Headers\[\s*"(?i:x-forwarded-for|x-real-ip)"|HTTP_X_FORWARDED_FOR)"#,
        r"(?i)trusted_?prox|KnownProxies",
    ),
    Sign {
        elsewhere: r"(?m)^[^/\n]*\bSetMode\(|GIN_MODE",
        ..review(
            Practice::DebugMode,
            GO,
            r"(?P<what>\bgin\.(?:Default|New))\(\)",
            "",
            "`{}` starts in debug mode, because no code sets the release mode",
        )
    },
    review(
        Practice::Encryption,
        &[".go", ".ts", ".js", ".py", ".java", ".kt", ".rs"],
        r#"(?P<what>(?i:\b(?:[a-z]+_)?insecure(?:_?(?:transport|mode|grpc|http|connection))?)["']?\s*(?::=|[:=,])\s*["']?(?i:true)\b)"#,
        "",
        "`{}` disables encryption",
    ),
    review(
        Practice::ImageSecret,
        &["dockerfile", ".dockerfile", "dockerfile.prod"],
        r"(?mi)^(?:COPY|ADD)\s[^\n]*?(?P<what>\S*(?:id_rsa|id_ed25519|\.ssh|\.pem|\.p12|\.jks|service-?account\S*\.json|private[_-]?key)\S*)",
        "",
        "the image contains the key `{}`",
    ),
    review(
        Practice::ApiDocs,
        SCRIPT,
        r"(?P<what>\bSwaggerModule\.setup\(|\bswaggerUi\.(?:serve|setup)\b)",
        r"(?i)if\s*\([^)]*(?:NODE_ENV|production|isDev|swagger)",
        "`{}` serves the API documentation in every environment",
    ),
    review(
        Practice::ApiDocs,
        GO,
        r"(?P<what>\b(?:ginSwagger|echoSwagger|httpSwagger|fiberSwagger|swagger)\.(?:WrapHandler|EchoWrapHandler|Handler|HandlerDefault|New)\b)",
        r"(?i)if [^\n]*(?:debug|swagger|env|production|dev)",
        "`{}` serves the API documentation in every environment",
    ),
];
