//! Settings whose literal decides how a deployment behaves.

use super::{Sign, review};
use crate::model::facts::Practice;

const PROPERTIES: &[&str] = &["application.properties"];
const YAML: &[&str] = &["application.yml", "application.yaml"];
const LOGBACK: &[&str] = &[
    "logback.xml",
    "logback-spring.xml",
    "log4j2.xml",
    "log4j2-spring.xml",
];
const PM2: &[&str] = &[
    "ecosystem.config.js",
    "ecosystem.config.cjs",
    "pm2.config.js",
];
const PUBLIC: &str = "`{}` serves the API documentation in every profile";

pub(super) const SIGNS: &[Sign] = &[
    review(
        Practice::ApiDocs,
        PROPERTIES,
        r"(?m)^[ \t]*(?P<what>springdoc\.(?:swagger-ui|api-docs)\.path)\s*=",
        r"springdoc\.(?:swagger-ui|api-docs)\.enabled\s*=\s*(?:false|\$\{)",
        PUBLIC,
    ),
    review(
        Practice::ApiDocs,
        YAML,
        r"(?m)^springdoc:[ \t]*\n(?:[ \t]+[^\n]*\n)*?[ \t]+(?P<what>swagger-ui|api-docs):",
        r"enabled:\s*(?:false|\$\{)",
        PUBLIC,
    ),
    review(
        Practice::LogFormat,
        LOGBACK,
        r"(?i)(?P<what><pattern>[^<\n]*%(?:msg|message|m)\b|<PatternLayout\b)",
        r"(?i)LogstashEncoder|JsonEncoder|JsonLayout|JsonTemplateLayout|EcsEncoder|StructuredLog",
        "the lines have no fields that a log store can search",
    ),
    review(
        Practice::LocalAddress,
        &[
            "application.yml",
            "application.yaml",
            "gateway.yml",
            "gateway.yaml",
        ],
        r#"(?m)^\s*(?:-\s*)?(?P<what>uri|url|base-url|baseUrl):\s*["']?https?://(?:localhost|127\.0\.0\.1)\b"#,
        "",
        "the value of `{}` is this host",
    ),
    review(
        Practice::HealthResult,
        &[".yaml", ".yml"],
        r#"(?:liveness|readiness)Probe:\s*\n\s*exec:\s*\n\s*command:\s*(?:\n\s*-\s*|\[\s*)["']?(?P<what>/bin/true|true|:)["']?\s*(?:\]|\n)"#,
        "",
        "the probe runs `{}`, which always succeeds",
    ),
    review(
        Practice::OutboundTimeout,
        &[".yaml", ".yml"],
        r#"(?P<what>nginx\.ingress\.kubernetes\.io/proxy-(?:read|send)-timeout):\s*["']?\d{4,}"#,
        r"(?i)websocket|grpc",
        "`{}` keeps a request without a response open for many minutes",
    ),
    review(
        Practice::FileLogging,
        PM2,
        r"(?P<what>\b(?:error_file|out_file|log_file))\s*:\s*['\x22][^'\x22\n]*\.log",
        "/dev/(?:null|stdout|stderr)",
        "`{}` writes logs to a file of the host",
    ),
    review(
        Practice::FixedVersion,
        PM2,
        r"(?P<what>\bpost-deploy['\x22]?\s*:\s*['\x22`][^'\x22`\n]*\bnpm install)\b",
        "",
        "`npm install` on the server may install other versions than the lock file",
    ),
];
