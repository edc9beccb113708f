//! Claims of callers: headers of a gateway, types that do not exist at run time, open admin
//! listeners.

use super::{GO, JVM, PYTHON, Sign, inside, review};
use crate::model::facts::Practice;

const HEADER: &str =
    "the identity comes from the header `{}`, which every caller that reaches the port can set";

pub(super) const SIGNS: &[Sign] = &[
    inside(
        Practice::CallerIdentity,
        GO,
        r#"(?i)\.(?:get|values)\(\s*"(?P<what>x-(?:user|consumer|account|tenant|customer|auth|member|role|forwarded-user|authenticated)[\w-]*)"\s*\)"#,
        r"(?i)metadata|header|\bctx\b|\bc\.",
        r"(?i)ParseWithClaims|VerifyToken|ValidateToken|\bhmac\b|verifySignature|PeerCertificates",
        HEADER,
    ),
    review(
        Practice::CallerIdentity,
        PYTHON,
        r#"(?i)headers(?:\.get\(|\[)\s*["'](?P<what>x-(?:user|consumer|account|tenant|customer|member|role|auth)[\w-]*)["']\s*(?:[,)]|\]\s*(?:[^=\s]|==))"#,
        r"(?i)jwt\.decode|verify_token|hmac",
        HEADER,
    ),
    review(
        Practice::CallerIdentity,
        JVM,
        r#"(?i)(?:@RequestHeader\(\s*(?:value\s*=\s*|name\s*=\s*)?|getHeader\(\s*|getFirst\(\s*)"(?P<what>x-(?:user|consumer|account|tenant|customer|member|role|auth)[\w-]*)""#,
        r"(?i)JwtDecoder|parseSignedClaims|parseClaimsJws|\bhmac\b|addHeader|\.header\(",
        HEADER,
    ),
    review(
        Practice::LimiterKey,
        GO,
        r#"\b(?:md|meta|metadata)\.Get\(\s*"(?P<what>(?i:x-forwarded-for|x-real-ip))"\s*\)"#,
        r"(?i)trusted_?prox",
        "the caller chooses the address in `{}`, and the code takes the first one",
    ),
    review(
        Practice::QueryToken,
        &[".yml", ".yaml"],
        r"(?m)^[ \t]*(?P<what>uri_param_names):[ \t]*\r?\n[ \t]*-[ \t]*\w",
        "",
        "`{}` accepts a token in the URL, which logs and caches store",
    ),
    review(
        Practice::Management,
        &["compose.yml", "compose.yaml"],
        r#"(?P<what>\b\w*ADMIN_LISTEN)["']?\s*[:=]\s*["']?0\.0\.0\.0"#,
        r"(?i)admin_?token|rbac|enforce_rbac",
        "`{}` exposes the management endpoints to the network, without authentication",
    ),
    review(
        Practice::UnsafeInput,
        &["controller.ts"],
        r"(?P<what>@(?:Body|Query)\(\)\s*\w+\s*:\s*(?:\{|any\b|unknown\b|Record<|Partial<|object\b))",
        r"(?i)zod|joi",
        "the type of `{}` does not exist at run time, so a ValidationPipe checks nothing",
    ),
    Sign {
        elsewhere: r"ValidationPipe|ZodValidationPipe|APP_PIPE|useGlobalPipes",
        ..inside(
            Practice::UnsafeInput,
            &["main.ts"],
            r"(?P<what>\bNestFactory\.create(?:Microservice)?)\b",
            r"\blisten\(",
            r"useGlobalPipes|\(\s*app\s*[,)]|[sS]etup\w*\(",
            "no ValidationPipe runs after `{}`, so the rules of the classes check nothing",
        )
    },
    review(
        Practice::MassAssignment,
        &[".ts"],
        r"ValidationPipe[^}]*\}\s*from\s*['\x22]@nestjs/common['\x22][\s\S]*?(?P<what>\bnew ValidationPipe\(\s*(?:\)|\{\s*transform:\s*true,?\s*\}))",
        "",
        "`{}` keeps fields that the class does not declare",
    ),
];
