//! Leaks of a service: credentials and records in logs and responses, files in images, stores
//! that require no password.

use super::{GO, JVM, PYTHON, SCRIPT, Sign, inside, review};
use crate::model::facts::Practice;

const YAML: &[&str] = &["compose.yml", "compose.yaml", ".prod.yml", ".full.yml"];
const WHOLE: &str = "a log record contains the whole value of `{}`";
const HASH: &str = "the response contains `{}`";
const OPEN: &str = "the store of `{}` requires no password";

const fn whole(files: &'static [&'static str], pattern: &'static str) -> Sign {
    review(Practice::BodyLogged, files, pattern, "", WHOLE)
}

pub(super) const SIGNS: &[Sign] = &[
    whole(
        GO,
        r#"\b(?:zap|slog)\.(?:Any|Reflect|Object)\(\s*"\w*"\s*,\s*(?P<what>[*&]?(?:email|mail|user|order|payment|message|msg|req|request|body|payload|customer|account|notification|event|in|input|dto|claims|session|cfg|config))\s*\)"#,
    ),
    whole(
        GO,
        r#"\bzap\.(?:Strings|ByteStrings|ByteString)\(\s*"(?P<what>(?:entries|messages|bodies|body|payloads?|events|records|emails|values))""#,
    ),
    whole(
        GO,
        r#"(?i)\b\w*log\w*\.(?:info|debug|error|warn)\w*\(\s*"[^"\n]*(?:metadata|headers?)[^"\n]*%[+#]?v[^"\n]*"[^\n]*\b(?P<what>md|metadata|headers?)\b"#,
    ),
    whole(
        GO,
        r#"(?i)\blog\w*(?:\.log\w*)?\.(?:info|debug|print|warn|error)\w*\(\s*"[^"\n]*(?:user|account|credential|customer|session|profile|card)[^"\n]*%[+#]?v[^"\n]*"\s*,\s*(?P<what>res|resp|response|result|user|account|customer|session|profile|credentials?|u|req)\s*\)"#,
    ),
    whole(
        GO,
        r#"(?i)\blog\w*(?:\.log\w*)?\.(?:info|debug|warn|error)\w*\(\s*"[^"\n]*"(?:\s*,\s*"\w+"\s*,\s*[\w.]+)*\s*,\s*"(?:user|account|customer|session|profile|credentials?|order|payment)"\s*,\s*(?P<what>[*&]?(?:user|account|customer|session|profile|credentials?|order|payment))\s*[,)]"#,
    ),
    whole(
        &[".rs"],
        r#"(?i)\b(?:tracing::|log::)?(?:info|error|warn|debug|trace)!\(\s*"[^"\n]*(?:jwt|token|credential|login)[^"\n]*\{:#?\?\}[^"\n]*"\s*,\s*(?P<what>json|response|tokens?|result|jwt_tokens|body)\s*\)"#,
    ),
    whole(
        JVM,
        r#"(?i)\blog(?:ger)?\.(?:info|debug|warn|error)\(\s*(?:string\.)?format\(\s*"[^"\n]*"\s*,\s*(?P<what>\w*(?:confirmation|request|event|message|order|user|payment|dto|command|payload|body|record))\s*\)"#,
    ),
    whole(
        &[".rs"],
        r#"\b(?:tracing::|log::)?(?:info|error|warn|debug|trace)!\(\s*"[^"]*\{:#?\?\}[^"]*"\s*,\s*(?P<what>(?:login|user|account|config|settings|request|body|payload|claims|access_claims|refresh_claims|self)\b)"#,
    ),
    review(
        Practice::PersonLogged,
        GO,
        r"(?i)\b\w*log\w*\.\w+\(\s*fmt\.Sprintf\([^\n]*,\s*(?P<what>\w+\.(?:to|email|phone|recipient|mobile)|email|recipient|phone)\s*\)",
        "",
        "a log record contains `{}` of a person",
    ),
    review(
        Practice::PersonLogged,
        JVM,
        r"(?i)\blog(?:ger)?\.(?:info|warn|error|debug)\([^;\n]*,\s*(?P<what>\w*(?:email|phone)(?:address|number)?)\s*[,)]",
        "",
        "a log record contains `{}` of a person",
    ),
    review(
        Practice::SecretLogged,
        &[".rs"],
        r#"\b(?:tracing::|log::)?(?:info|error|warn|debug|trace)!\(\s*"[^"]*\{[^"]*"\s*,\s*(?:[\w.]+\s*,\s*)?(?P<what>\w*(?:token|secret|password)\w*)\s*,?\s*[\w\s]*,?\s*\)"#,
        "",
        "a log record contains `{}`",
    ),
    review(
        Practice::InternalError,
        GO,
        r#"(?P<what>\bstatus\.Errorf?\([^"\n]*"[^"\n]*%[vsw][^"\n]*"[^\n]*\berr\b)"#,
        "",
        "`{}` exposes the text of an internal error to the client",
    )
    .guess(),
    review(
        Practice::SettingCredential,
        &[".yml", ".yaml"],
        r#"(?m)^[ \t]+(?:username|user|host|uri|url):[^\n]*\n(?:[ \t]+[\w\-]+:[^\n]*\n){0,4}?[ \t]+(?P<what>password):[ \t]*["']?[^\s"'$#\{<:]{3,}["']?[ \t\r]*(?:#|$)"#,
        r"(?m)^services:|^kind:|^apiVersion:|^openapi:|^swagger:",
        "`{}` has a literal value in a file of the repository",
    ),
    review(
        Practice::InternalError,
        SCRIPT,
        r"(?P<what>\b\w+\.\w*(?i:error|fail)\w*\(\s*res\s*,\s*(?:\d{3}\s*,\s*)?(?:err|error|e)\.message\s*[,)])",
        r"(?i)isdevelopment",
        "`{}` exposes the text of an internal error to the client",
    ),
    review(
        Practice::InternalError,
        SCRIPT,
        r"\.(?:json|send)\(\s*\{(?:[^{}N]|N[^O]|\{(?:[^{}N]|N[^O])*\}?)*?\b(?P<what>(?:err|error|e|ex)\.(?:message|stack))",
        r"(?i)isdevelopment|errorhandler\(",
        "`{}` exposes the text of an internal error to the client",
    ),
    review(
        Practice::InternalError,
        GO,
        r"(?P<what>\.JSON\([^\n,]*,\s*(?:err|(?:\w+\.)?\w*[eE]rr\w*\(\s*err\s*\))\s*\))",
        "",
        "`{}` exposes the text of an internal error to the client",
    ),
    review(
        Practice::ExposedHash,
        GO,
        r"func [^\n]*(?i:proto|response|dto|topb|reply|view|resp)\w*\([^\n]*\{(?:[^\n]|\n[^}])*?(?P<what>\bPassword(?:Hash)?:\s*\w+\.(?:Get)?Password\w*)",
        "",
        HASH,
    ),
    review(
        Practice::ExposedHash,
        GO,
        r#"(?m)^\s*(?P<what>Password(?:Hash)?)\s+string\s+`(?:[^`\n]*(?:gorm|db|bson):[^`\n]*json:"password[^`\n]*|[^`\n]*json:"password[^`\n]*(?:gorm|db|bson):[^`\n]*)`"#,
        r"(?i)sanitize|omit\(.?password",
        HASH,
    ),
    review(
        Practice::ExposedHash,
        GO,
        r#"type \w*(?:User|Account|Customer|Member)\w* struct \{[^}]*?\b(?P<what>(?:Verification|Reset|Refresh|Confirmation)Token\w*)\s+\*?string\s+`[^`\n]*json:"[a-zA-Z]"#,
        "",
        HASH,
    ),
    review(
        Practice::ExposedHash,
        SCRIPT,
        r"=\s*await [\w.]*(?i:user|account|member|customer)\w*\.(?:findOne|findUnique|findFirst|findById|findByPk|findOneBy|create|save)\((?:[^()]|\([^()]*\))*\)(?:[^\n]*\n){1,14}?[^\n]*(?:return \{|\.(?:json|send)\(\{|\.(?:json|send)\()[^{}\n;]*(?P<what>\b(?:user|account|member|customer))\s*[,})]",
        r"(?i)select:|omit|exclude|delete \w+\.password|toJSON|withoutPassword|plainToClass|sanitize|attributes:|\.\.\.(?:rest|safe)|select\(|@Exclude|hashed?Password: false",
        "the response contains the whole `{}`, including its hash",
    ),
    review(
        Practice::ExposedHash,
        SCRIPT,
        r"return (?:await )?this\.\w+\.find\w*\(\s*\{[^;]*?\bselect:\s*(?:\[[^\]]*['\x22]|\{[^}]*?\b)(?P<what>password\w*)",
        "",
        "the result contains `{}`, so every caller of the function gets the hash",
    ),
    Sign {
        elsewhere: r"@Exclude\b|select:\s*false|ClassSerializerInterceptor|toJSON",
        ..review(
            Practice::ExposedHash,
            &["service.ts"],
            r"return (?P<what>(?:updated|saved|created|new)(?:User|Account|Member|Customer)|(?:await )?this\.\w*(?:user|User|account|member)\w*\.save\([^\n;]*\))\s*;",
            r"(?i)omit|toDto|plainTo|sanitize|password: _",
            "the result is the whole record of `{}`, including its hash",
        )
    },
    review(
        Practice::ExposedHash,
        &[".rs"],
        r"derive\([^)]*\bSerialize\b[^)]*\)\]\s*(?:#\[[^\]]*\]\s*)*pub struct \w+\s*\{[^}]*?(?P<what>\bpassword(?:_hash)?)\s*:",
        r"skip_serializing|serde\(skip",
        HASH,
    ),
    review(
        Practice::PlainPassword,
        &[".rs"],
        r"(?P<what>\b\w+\.password(?:_hash)?\s*==\s*\w+\.password(?:_hash)?)\b",
        "",
        "`{}` compares what the client sends with what is stored",
    ),
    review(
        Practice::MassAssignment,
        GO,
        r"(?P<what>\b(?:Roles?|IsAdmin):\s*(?:r|req|request|in|input|body|dto|payload|cmd)\.(?:Get)?(?:Roles?|IsAdmin)\b)",
        "(?i)requireadmin|isadmin\\(|adminonly",
        "the caller chooses `{}`",
    ),
    review(
        Practice::MassAssignment,
        SCRIPT,
        r"(?P<what>\b(?:roles?|isAdmin)\s*:\s*(?:\w*(?:[rR]equest|[dD]to|[iI]nput)\w*|data|payload|userData|command)\.(?:roles?|isAdmin)\b)",
        "(?i)roles\\.admin|adminguard",
        "the caller chooses `{}`",
    ),
    review(
        Practice::MassAssignment,
        &[
            "service.ts",
            "service.js",
            "controller.ts",
            "controller.js",
            "service.java",
            "service.kt",
            "service.cs",
            "logic.go",
            "handler.go",
            "service.go",
            "usecase.go",
        ],
        r"(?P<what>\b(?:request|req|req\.body|dto|orderData|orderRequest|body|payload|item|in|input)\.(?:[gG]et)?(?:[tT]otalPrice|[uU]nitPrice|[pP]rice|[aA]mount|[tT]otal|[dD]iscount)(?:Cents)?\b)(?:\(\))?\s*(?:[,;*)]|\|\|)",
        r"(?i)stripe\.webhook|constructEvent",
        "the caller chooses `{}`",
    ),
    inside(
        Practice::MassAssignment,
        SCRIPT,
        r"\{[^{}=\n]*\b(?P<what>total|price|totalPrice|unitPrice|totalAmount|discount|cost)\b[^{}=\n]*\}\s*=\s*(?:req|request|ctx\.request)\.body\b",
        r"(?i)order|booking|checkout|purchase|reservation|rental",
        r"(?i)createProduct|updateProduct|admin",
        "the caller chooses `{}`",
    ),
    inside(
        Practice::MassAssignment,
        PYTHON,
        r"(?P<what>\b(?:price|total|total_price|unit_price|total_amount|discount)\s*=\s*(?:body|data|payload|request\.json|req|dto|\w*_in)(?:\[|\.get\(|\.))",
        r"(?i)order|booking|checkout|purchase|reservation|rental",
        r"(?i)create_product|update_product|admin",
        "the caller chooses `{}`",
    ),
    review(
        Practice::UncheckedSecret,
        SCRIPT,
        r"process\.env\.\w*REFRESH\w*\s*(?:\|\||\?\?)\s*(?P<what>process\.env\.\w*SECRET\w*)",
        "",
        "two kinds of tokens share `{}` if one setting is missing",
    ),
    review(
        Practice::SettingCredential,
        SCRIPT,
        r#"process\.env\.(?P<what>\w*(?:SECRET|PASSWORD|PRIVATE_KEY|API_KEY|SIGNING_KEY)\w*)\s*(?:\|\||\?\?)\s*['"`][^'"`\n]{4,}['"`]"#,
        "",
        "`{}` has a literal as its fallback",
    ),
    review(
        Practice::LimiterKey,
        SCRIPT,
        r"(?P<what>\b\w+\.(?:enable\(\s*['\x22]trust proxy['\x22]|set\(\s*['\x22]trust proxy['\x22]\s*,\s*true)\s*\))",
        "",
        "with `{}` the caller chooses the address that limits and logs use",
    ),
    review(
        Practice::ImageSecret,
        &[
            "dockerfile",
            ".dockerfile",
            "dockerfile.prod",
            "dockerfile.start",
        ],
        r"(?im)^(?:COPY|ADD)\s+(?:--\S+\s+)*(?P<what>(?:\S*/)?\.env(?:\.prod\w*)?|\S*(?:\w*(?:prod|config|secret)\w*\.env|\.ssh|id_rsa|credentials\.json|\.pem|\.p12))\s",
        r"(?i)\.env\.example",
        "`{}` becomes a part of the image",
    ),
    review(
        Practice::SettingCredential,
        YAML,
        r#"(?m)^\s*image:\s*["']?(?:[\w.\-]+/)*(?P<what>redis(?::[\w.\-]+)?)["']?\s*$"#,
        // The official image ignores `REDIS_PASSWORD`, which may be a setting of a client.
        r"requirepass|--pass|redis\.conf",
        OPEN,
    )
    .guess(),
    review(
        Practice::SettingCredential,
        YAML,
        r#"(?m)^\s*image:\s*["']?(?:[\w.\-]+/)*(?P<what>mongo(?::[\w.\-]+)?)["']?\s*$"#,
        r"MONGO_INITDB_ROOT|--auth|--keyFile",
        OPEN,
    )
    .guess(),
    review(
        Practice::UnsafeInput,
        &[".yml", ".yaml", ".properties", ".java", ".kt"],
        r#"(?P<what>trusted\.packages["']?\s*[:=,]\s*["']?\*)"#,
        "",
        "with `{}` a message chooses the class that is created",
    ),
    review(
        Practice::Encryption,
        &[".yml", ".yaml", ".properties"],
        r#"(?P<what>smtp:\s*\n(?:[ \t]+[^\n]*\n){0,6}?[ \t]+(?:ssl:\s*\n[ \t]+)?trust:\s*["']?\*|mail\.smtp\.ssl\.trust\s*=\s*\*)"#,
        "",
        "`{}` accepts every certificate",
    ),
    review(
        Practice::UnsafeInput,
        SCRIPT,
        r"(?P<what>\border\s*:\s*\[\s*\[\s*(?:sort\w*|orderBy|order\w*|column)\s*,|\bsort\[\s*(?:\w+\.)*sort\w*\s*\]\s*=|\.sort\(\s*\{\s*\[\s*\w*(?i:sort)\w*\s*\])",
        r"(?i)allowed|whitelist|isIn\(|@IsIn|@IsEnum",
        "the caller chooses the column of `{}`",
    ),
];
