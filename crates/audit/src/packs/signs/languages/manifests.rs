//! Compose files, Kubernetes manifests, Dockerfiles, nginx and CI.

use super::{Practice, Sign, review};

const YAML: &[&str] = &[".yml", ".yaml"];
const NGINX: &[&str] = &[
    ".conf",
    "nginx.conf.template",
    ".conf.template",
    ".conf.tpl",
];
const DOCKERFILE: &[&str] = &["dockerfile", ".dockerfile", "containerfile"];

pub(super) const SIGNS: &[Sign] = &[
    review(
        Practice::ImageHygiene,
        DOCKERFILE,
        r"(?m)^RUN (?P<what>cd [^&;|\\\n]+)$",
        "",
        "`{}` changes the folder of its own step only",
    ),
    review(
        Practice::ImageHygiene,
        DOCKERFILE,
        r"\A(?:[ \t\r]*(?:#[^\n]*)?\n)*[ \t\r]*\z",
        "",
        "the file has no instruction, so nothing builds the image",
    ),
    review(
        Practice::OpenStore,
        YAML,
        r"(?P<what>\bxpack\.security\.enabled\s*[=:]\s*['\x22]?false|\bDISABLE_SECURITY_PLUGIN\s*[=:]\s*['\x22]?true|\bALLOW_EMPTY_PASSWORD\s*[=:]\s*['\x22]?(?:yes|true)|\bMYSQL_ALLOW_EMPTY_PASSWORD\s*[=:]\s*['\x22]?(?:yes|true|1)|\bPOSTGRES_HOST_AUTH_METHOD\s*[=:]\s*['\x22]?trust|--protected-mode\s+no|\bALLOW_PLAINTEXT_LISTENER\s*[=:]\s*['\x22]?yes|\bGF_AUTH_ANONYMOUS_ENABLED\s*[=:]\s*['\x22]?true|\bALLOW_ANONYMOUS_LOGIN\s*[=:]\s*['\x22]?yes)",
        "",
        "`{}` accepts callers without a password",
    ),
    review(
        Practice::LogLevel,
        YAML,
        r"(?m)^\s*(?:-\s+)?(?P<what>\w*LOG_?LEVEL\w*\s*[:=]\s*['\x22]?(?i:debug|trace|verbose))['\x22]?\s*$",
        "",
        "`{}` is the deployed log level",
    ),
    review(
        Practice::SettingCredential,
        YAML,
        r"(?m)^kind:\s*ConfigMap\b[\s\S]{0,1200}?^\s+(?P<what>\w*(?:PASSWORD|PASSWD|SECRET|TOKEN|API_KEY|PRIVATE_KEY)\w*)\s*:\s*['\x22]?[^\s'\x22$\{<][^\n]*$",
        "",
        "the config map has the literal credential `{}`",
    ),
    review(
        Practice::Management,
        YAML,
        r"(?m)^kind:\s*Ingress\b[\s\S]{0,1500}?(?P<what>\b(?:number|servicePort):\s*['\x22]?(?:15672|15671|8161|5555|16686|9411|5601|9001|8081))\b",
        r"(?i)auth-(?:url|type|secret|signin)|whitelist-source-range|oauth2",
        "an ingress opens the console of a broker or a tool (`{}`)",
    ),
    review(
        Practice::Privileges,
        YAML,
        r"(?P<what>\btype:\s*(?:NodePort|LoadBalancer))\b[\s\S]{0,300}?\bport:\s*['\x22]?(?:5432|3306|27017|6379|5672|15672|9200|9092|1433|2181|11211|8500)\b",
        "",
        "`{}` opens a store or broker to the outside of the cluster",
    ),
    review(
        Practice::Privileges,
        NGINX,
        r"(?m)^\s*(?P<what>user\s+root)\s*;",
        "",
        "the workers of nginx run with `{}`",
    ),
    review(
        Practice::OutboundTimeout,
        NGINX,
        r"(?m)^\s*(?P<what>(?:proxy|fastcgi|uwsgi|grpc)_(?:read|send|connect)_timeout\s+(?:\d{4,}s?|[1-9]\d+m|\d+h|[3-9]\d{2}s?))\s*;",
        "",
        "`{}` keeps a slow request for a very long time",
    ),
    review(
        Practice::Management,
        NGINX,
        r"(?P<what>\bstub_status\b|\bautoindex\s+on)",
        r"allow\s+(?:127\.0\.0\.1|10\.|172\.|192\.168\.)",
        "`{}` shows internals of the server to every caller",
    ),
    review(
        Practice::ImageHygiene,
        DOCKERFILE,
        r"(?m)^(?P<what>ADD\s+(?:https?://\S+|\.\s))",
        "",
        "`{}` downloads or unpacks without a check, and `COPY` does not",
    ),
    review(
        Practice::ImageHygiene,
        DOCKERFILE,
        r"(?m)^RUN\b(?:[^\n]|\\\r?\n)*?(?P<what>\bapt-get\s+(?:-\w+\s+)*install\b)(?:[^\n]|\\\n)*?(?:\s(?:vim|nano|git|curl|wget|net-tools|telnet|build-essential|gcc|make|ssh|openssh-server|python3?-dev)\b)",
        r"(?mi)^FROM\s+\S+\s+AS\s",
        "`{}` adds tools to the image that the program does not need",
    ),
    review(
        Practice::ImageHygiene,
        DOCKERFILE,
        r"(?mi)^(?P<what>FROM\s+(?:\S+/)*(?:php|node|python|ruby|golang|openjdk|eclipse-temurin|dotnet)(?::\S+)?)\s*$",
        r"(?mi)^\s*(?:COPY|ADD)\s|git clone|--mount=",
        "the image of `{}` contains no code, so it depends on a folder of the host",
    ),
    review(
        Practice::FixedVersion,
        DOCKERFILE,
        r"(?m)^RUN\b(?:[^\n]|\\\r?\n)*?(?P<what>\b(?:npm|pnpm|yarn)\s+install\b(?:\s+-g)?(?:\s+--[\w=-]+)*|\bnpm i\b|\bpip3?\s+install\s+(?:--\S+\s+)*[a-z][\w-]*(?:\s+[a-z][\w-]*)*\s*$|\bcomposer\s+(?:install|update)\b(?:\s+--[\w-]+)*|\bgem install\s+\w+|\bbundle\s+(?:install|update)\b|\bgo get\b|\bapk add\b)",
        r"npm ci|--frozen-lockfile|composer\.lock|BUNDLE_FROZEN|BUNDLE_DEPLOYMENT|--deployment|--immutable|==",
        "`{}` may install other versions in each build",
    ),
    review(
        Practice::FixedVersion,
        &[".gitignore"],
        r"(?m)^/?(?P<what>package-lock\.json|yarn\.lock|pnpm-lock\.yaml)\s*$",
        r"(?m)^!|(?s)package-lock\.json.*pnpm|yarn\.lock.*package-lock|package-lock\.json.*yarn",
        "`{}` is not under version control, so each build chooses its own versions",
    ),
    review(
        Practice::ImageHygiene,
        DOCKERFILE,
        r#"(?m)^(?:CMD|ENTRYPOINT)[ \t]+\[[^\n\]]*?(?P<what>"[ \t]*[.;][ \t]*"|"[ \t]+"|\[[ \t]*'|,[ \t]*\])"#,
        "",
        "the list of the command is not valid JSON at `{}`, so a shell gets its text and fails",
    ),
    review(
        Practice::Encryption,
        &["krakend.json", ".tmpl"],
        r#"(?P<what>"disable_jwk_security"\s*:\s*true)"#,
        "",
        "with `{}` the gateway trusts keys that it gets without encryption",
    ),
    review(
        Practice::LocalAddress,
        &[".json", ".yml", ".yaml", ".env", ".properties"],
        r"(?P<what>\b(?:https?://)?172\.17\.0\.1\b)",
        "",
        "`{}` is the address of one host in its own Docker network",
    ),
];
