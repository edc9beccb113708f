//! Tokens, passwords and random values.

use super::Sign;
use crate::model::facts::{Topic, Verdict};

const fn review(
    topic: Topic,
    files: &'static [&'static str],
    pattern: &'static str,
    unless: &'static str,
    evidence: &'static str,
) -> Sign {
    Sign {
        topic,
        verdict: Verdict::Review,
        files,
        pattern,
        unless,
        evidence,
    }
}

const LONG: &str = "a token is valid for 30 days or longer";

pub(super) const SIGNS: &[Sign] = &[
    Sign {
        topic: Topic::CodeCredential,
        verdict: Verdict::LikelyBroken,
        files: &["settings.py", "/base.py", "/production.py"],
        pattern: r"(?m)^(?P<what>SECRET_KEY)\s*=\s*r?['\x22][^'\x22\n]{12,}['\x22]",
        unless: "",
        evidence: "`{}` is a literal, and the environment cannot replace it",
    },
    review(
        Topic::MassAssignment,
        &[".py"],
        r"(?:\.update\(|\b[A-Z]\w+\()(?:[^()\n]|\([^()\n]*\))*(?P<what>\*\*(?:kwargs|request\.(?:json|data)|data|payload|body))\b",
        r"class \w*(?:Serializer|Schema|Manager|Form|Mixin)\b",
        "`{}` sets every field that the caller names",
    ),
    review(
        Topic::MassAssignment,
        &[".ts", ".js"],
        r"(?P<what>(?:Object\.assign\(\s*\w+\s*,\s*|\.(?:create|update|build|findByIdAndUpdate)\([^()\n]*)req(?:uest)?\.body)\s*[,)]",
        r"(?i)schema|joi\.|zod|class-validator",
        "every field of the body is stored",
    ),
    review(
        Topic::MassAssignment,
        &[".rb", ".php"],
        r"(?P<what>params(?:\[:\w+\])?\.permit!|->(?:fill|update|create)\(\s*\$request->all\(\)|::create\(\s*\$request->all\(\))",
        "",
        "every field of the body is stored",
    ),
    Sign {
        topic: Topic::IgnoredCheck,
        verdict: Verdict::LikelyBroken,
        files: &[".rs"],
        pattern: r"(?m)^\s*(?P<what>(?:\w+::)+verify\w*\([^;\n]*passw[^;\n]*\))\??;",
        unless: r"fn verify\w*\([^)]*\)\s*->\s*Result<\(\)",
        evidence: "the result of the check is dropped, so every password may pass",
    },
    Sign {
        topic: Topic::IgnoredCheck,
        verdict: Verdict::LikelyBroken,
        files: &[".ts", ".js"],
        pattern: r"(?m)^\s*(?:await\s+)?(?P<what>(?:bcrypt|argon2)\w*\.(?:compare|verify)(?:Sync)?\([^;\n]*\));?\s*$",
        unless: "",
        evidence: "the result of the check is dropped, so every password may pass",
    },
    Sign {
        topic: Topic::IgnoredCheck,
        verdict: Verdict::LikelyBroken,
        files: &[".py"],
        pattern: r"(?m)^[ \t]+(?P<what>(?:\w+\.)*(?:check_password_hash|checkpw|check_password)\([^\n]*\))[ \t]*$",
        unless: "",
        evidence: "the result of the check is dropped, so every password may pass",
    },
    review(
        Topic::TokenAlgorithm,
        &[".py"],
        r"(?P<what>\bjwt\.decode)\(",
        "algorithms",
        "`{}` accepts every algorithm that the library knows",
    ),
    review(
        Topic::TokenAlgorithm,
        &[".ts", ".js"],
        r"(?P<what>\b(?:jwt|jsonwebtoken)\.verify)\(",
        "algorithms",
        "`{}` has no list of algorithms",
    ),
    review(
        Topic::TokenAlgorithm,
        &[".go"],
        r"(?P<what>\bjwt\.Parse(?:WithClaims)?)\(",
        r"WithValidMethods|\.Method\b|SigningMethod\w+\)",
        "`{}` does not check the algorithm of the token",
    ),
    review(
        Topic::TokenLifetime,
        &[".py"],
        r"(?P<what>\btimedelta\(\s*days\s*=\s*(?:[3-9]\d|\d{3,})\s*\))[\s\S]{0,400}?jwt\.encode",
        "",
        LONG,
    ),
    review(
        Topic::TokenLifetime,
        &[".yml", ".yaml"],
        r"(?im)^\s*(?P<what>(?:access|jwt|token)_?(?:token_?)?(?:expires?|expiration|ttl|lifetime)\w*:\s*[\x22']?(?:(?:2[6-9]\d{5}|[3-9]\d{6}|\d{8,})\b|(?:[3-9]\d|\d{3,})d\b))",
        "",
        LONG,
    ),
    review(
        Topic::TokenLifetime,
        &[".ts", ".js"],
        r"(?P<what>\bexpiresIn\s*:\s*[\x22'](?:(?:[3-9]\d|\d{3,})\s*d(?:ays?)?|\d+\s*y(?:ears?)?)[\x22'])",
        "",
        LONG,
    ),
    review(
        Topic::TokenLifetime,
        &[".go"],
        r"(?P<what>\bExpiresAt\b[^\n]*(?:24\s*\*\s*(?:[3-9]\d|\d{3,})|(?:[3-9]\d|\d{3,})\s*\*\s*24|AddDate\(0, [1-9]|AddDate\([1-9]))",
        "",
        LONG,
    ),
    Sign {
        topic: Topic::PlainPassword,
        verdict: Verdict::LikelyBroken,
        files: &[".go", ".java", ".kt", ".cs"],
        pattern: r"(?P<what>\b\w+\.(?:Md5|MD5|Sha1|SHA1)\w+\(\s*[\w.]*(?:P|p)assword\b)",
        unless: "",
        evidence: "a password is hashed with a fast function without a salt",
    },
    review(
        Topic::WeakRandom,
        &[".go"],
        r"func\s+(?P<what>\w*(?i:rand|code|token|captcha)\w*)\([^)]*\)\s*string\s*\{(?:[^\n]|\n[^}])*?\brand\.(?:Seed|Intn?|Int31n)\(",
        "crypto/rand",
        "`{}` makes its text with a predictable source",
    ),
    review(
        Topic::WeakRandom,
        &[
            "token.ts",
            "token.js",
            "otp.ts",
            "otp.js",
            "verification.ts",
            "password.ts",
            "secret.ts",
        ],
        r"(?P<what>Math\.random\(\))",
        "",
        "`{}` is predictable, and the file makes secrets",
    ),
    review(
        Topic::MemoryState,
        &[".java", ".kt"],
        r"(?P<what>\b(?:new )?InMemoryTokenStore\()",
        "",
        "tokens are kept in memory",
    ),
    review(
        Topic::MemoryState,
        &[".ts", ".js"],
        r"(?:register\(\s*|app\.use\(\s*)(?P<what>\w*[sS]ession)\s*(?:,|\()\s*\{",
        r"\bstore\s*[:,]",
        "sessions are kept in memory, because no store is set",
    ),
    review(
        Topic::LimiterStore,
        &[".ts", ".js"],
        r"(?s)from\s+['\x22](?:@fastify/rate-limit|express-rate-limit)['\x22].*?(?P<what>\bmax\s*:)",
        r"(?i)redis|store\s*:",
        "the limiter counts in the memory of one replica",
    ),
];
