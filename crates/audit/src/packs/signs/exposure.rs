//! Parts that the outside reaches: management endpoints, plain HTTP, documents, tokens.

use super::Sign;
use crate::model::facts::{Topic, Verdict};

const SETTINGS: &[&str] = &[".properties", ".yml", ".yaml"];

pub(super) const SIGNS: &[Sign] = &[
    Sign {
        topic: Topic::Management,
        verdict: Verdict::LikelyBroken,
        files: &[".properties"],
        pattern: r"(?m)^\s*(?P<what>management\.endpoints\.web\.exposure\.include\s*=\s*\*|management\.security\.enabled\s*=\s*false|endpoints\.sensitive\s*=\s*false)",
        unless: r"management\.server\.port",
        evidence: "`{}`",
    },
    Sign {
        topic: Topic::Management,
        verdict: Verdict::LikelyBroken,
        files: &[".yml", ".yaml"],
        pattern: r#"exposure:\s*\n\s*(?P<what>include:\s*["']?\*)"#,
        unless: r"(?s)management:.*?\n\s+server:\s*\n\s+port:",
        evidence: "the exposure of management endpoints has `{}`",
    },
    Sign {
        topic: Topic::PlainHttp,
        verdict: Verdict::Review,
        files: SETTINGS,
        pattern: r"(?im)^\s*(?P<what>[\w.\-]*(?:user-?info-?uri|access-?token-?uri|token-?uri|issuer-?uri|jwk-?set-?uri|check-?token-?uri))\s*[:=]\s*http://[a-z]",
        unless: "",
        evidence: "`{}` sends credentials over plain HTTP",
    },
    Sign {
        topic: Topic::PlainHttp,
        verdict: Verdict::Review,
        files: &[
            "nginx.conf",
            "conf.d/default.conf",
            ".conf",
            "nginx.conf.template",
        ],
        pattern: r"(?m)^\s*(?P<what>listen\s+(?:[\w.\[\]:*]*:)?(?:80|8080|8081|8000|8888)\b[^;]*);(?s:.*?)\bproxy_pass\b",
        unless: r"\bssl\b|ssl_certificate|return 301 https",
        evidence: "the proxy has `{}` and no listener with TLS",
    },
    Sign {
        topic: Topic::EdgeLimit,
        verdict: Verdict::Review,
        files: &[
            "nginx.conf",
            "conf.d/default.conf",
            ".conf",
            "nginx.conf.template",
        ],
        pattern: r"(?P<what>\bproxy_pass\s+https?://)",
        unless: r"limit_req|limit_conn",
        evidence: "the proxy limits neither requests nor connections",
    },
    Sign {
        topic: Topic::EdgeLimit,
        verdict: Verdict::Review,
        files: &[".java", ".kt"],
        pattern: r"(?P<what>@EnableZuulProxy)\b",
        unless: "(?i)ratelimit",
        evidence: "the gateway limits neither requests nor connections",
    },
    Sign {
        topic: Topic::EdgeLimit,
        verdict: Verdict::Review,
        files: &[
            "application.yml",
            "application.yaml",
            "gateway.yml",
            "gateway.yaml",
        ],
        pattern: r"(?m)^\s*(?P<what>gateway:)\s*\n\s+(?:routes|default-filters|discovery|server):",
        unless: "RequestRateLimiter|RateLimit",
        evidence: "the gateway limits neither requests nor connections",
    },
    Sign {
        topic: Topic::ApiDocs,
        verdict: Verdict::LikelyBroken,
        files: &[".cs"],
        pattern: r"(?m)^\s*(?:\w+\.)?(?P<what>UseSwaggerUI|UseSwagger|MapScalarApiReference|MapOpenApi)\([\s\S]*",
        unless: r"(?s)IsDevelopment\(\)\)\s*\{[^}]*UseSwagger",
        evidence: "`{}` serves the documents in every environment",
    },
    Sign {
        topic: Topic::ApiDocs,
        verdict: Verdict::Minor,
        files: &[".py"],
        pattern: r"(?m)=\s*(?P<what>FastAPI\(\s*(?:title|version|description|lifespan|debug|[\s,=\w.'\x22])*\))",
        unless: r"docs_url|openapi_url|redoc_url",
        evidence: "`FastAPI(…)` serves `/docs` and `/openapi.json` in every environment",
    },
    Sign {
        topic: Topic::DebugRoute,
        verdict: Verdict::Minor,
        files: &[".java", ".kt"],
        pattern: r#"@(?:Get|Request)Mapping\([^)]*\)\s*(?:public\s+[\w<>]+|fun)\s+(?P<what>\w+)\([^)]*\)[^{;]*\{\s*throw\s"#,
        unless: "",
        evidence: "the route `{}` throws on purpose",
    },
    Sign {
        topic: Topic::DebugMode,
        verdict: Verdict::Review,
        files: &[".yaml", ".yml"],
        pattern: r"(?m)^(?P<what>Mode:\s*dev)\b",
        unless: "",
        evidence: "`{}` switches load shedding off and reflection on",
    },
    Sign {
        topic: Topic::PlaintextGrpc,
        verdict: Verdict::Review,
        files: &[".go"],
        pattern: r"(?P<what>\bzrpc\.MustNewClient)\(",
        unless: "TransportCredentials",
        evidence: "`{}` connects without TLS",
    },
    Sign {
        topic: Topic::BrowserToken,
        verdict: Verdict::LikelyBroken,
        files: &[".ts", ".tsx", ".js", ".jsx", ".vue", ".html"],
        pattern: r#"(?P<what>(?:localStorage|sessionStorage)\.setItem\(\s*["'`]?[\w.\-$]*(?i:token|jwt)[\w\-.]*["'`]?)\s*,"#,
        unless: "",
        evidence: "`{}, …)` stores a token where every script of the page reads it",
    },
];
